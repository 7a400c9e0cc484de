"""The picture that is to move, as conditioners look at it."""

import torch
from PIL import Image
from torch import Tensor

from diffsmith.conditioning import Wanted
from diffsmith.errors import SpecError

__all__ = ["middle_square", "shown"]


def shown(wanted: Wanted) -> tuple[Tensor, Tensor]:
    """The picture as it came, and of the size that is made; a SpecError where there is none."""
    if wanted.original is None or wanted.picture is None:
        raise SpecError(["image: missing; the model makes clips of a picture"])
    return wanted.original, wanted.picture


def middle_square(x: Tensor, wide: int, side: int) -> Tensor:
    """The middle of a picture [1, 3, H, W] in [-1, 1] as wide as the clip, then as [1, 3, side, side].

    Pillow's box filter, and its bilinear one, as I2VGen-XL's program has them.
    """
    levels = ((x[0] + 1) * 127.5).round().byte().movedim(0, -1).cpu().numpy()
    image = Image.fromarray(levels)
    scale = min(image.size) / wide
    image = image.resize((round(image.width // scale), round(image.height // scale)), Image.Resampling.BOX)
    left, top = (image.width - wide) // 2, (image.height - wide) // 2
    small = image.crop((left, top, left + wide, top + wide)).resize((side, side), Image.Resampling.BILINEAR)
    pixels = torch.frombuffer(bytearray(small.tobytes()), dtype=torch.uint8).reshape(side, side, 3)
    return (pixels.movedim(-1, 0)[None] / 127.5 - 1).to(x)
