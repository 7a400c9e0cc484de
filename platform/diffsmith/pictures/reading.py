"""A picture that a person has, as pixels of a size."""

from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from ..errors import FileFault, SpecError
from ..files import require_file
from .files import BROKEN

__all__ = ["Fit", "fitted", "kinds", "opaque", "picture_of_size", "pixels", "upright"]

Fit = Literal["crop", "pad", "stretch"]
"""How a picture becomes one of another shape: its middle, or all of it with black beside it, or pulled."""


def picture_of_size(file: Path, channels: int, size: tuple[int, int] | None, grain: int) -> Tensor:
    """The picture scaled to height and width, else cut down to multiples of `grain`: [C, H, W] in [-1, 1]."""
    image = upright(file)
    height, width = size or (image.height // grain * grain, image.width // grain * grain)
    if not height or not width:
        least = f"at least {grain}x{grain} are needed"
        raise SpecError([f"{file}: {image.width}x{image.height} pixels are too few; {least}"])
    if (width, height) != image.size:
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    return pixels(image, channels)


def fitted(image: Image.Image, size: tuple[int, int], fit: Fit) -> Image.Image:
    """The picture cut or filled up with black to the sides' ratio of `size` (height, width), never scaled.

    "stretch" leaves it as it is: who scales it then pulls it into shape.
    """
    height, width = size
    wide = image.width * height > image.height * width
    if fit == "stretch" or image.width * height == image.height * width:
        return image
    by_height = wide == (fit == "crop")  # which side stays
    cut = (max(1, round(image.height * width / height)), image.height)
    filled = (image.width, max(1, round(image.width * height / width)))
    goal = cut if by_height else filled
    left, top = ((old - new) // 2 for old, new in zip(image.size, goal, strict=True))
    return image.crop((left, top, left + goal[0], top + goal[1]))  # Pillow fills with black outside


def pixels(image: Image.Image, channels: int) -> Tensor:
    """[channels, H, W] in [-1, 1]."""
    values = torch.tensor(np.asarray(image.convert("L" if channels == 1 else "RGB")))
    return values.view(image.height, image.width, channels).movedim(-1, 0) / 127.5 - 1


def upright(file: Path) -> Image.Image:
    """The picture as it is looked at, in 8-bit colour; a FileFault where there is none."""
    try:
        with Image.open(require_file(file, "picture"), formats=kinds()) as image:
            return opaque(ImageOps.exif_transpose(image))
    except BROKEN as error:
        raise FileFault(file, f"is no picture that can be read: {error}") from None


def opaque(image: Image.Image) -> Image.Image:
    """In 8-bit colour, on white where it is transparent."""
    if image.mode.startswith("I;16"):  # Pillow would clip, not scale
        return Image.fromarray((np.asarray(image) // 257).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")


@cache
def kinds() -> tuple[str, ...]:
    """What Pillow can read and calls an image: not PostScript, which is a program."""
    Image.init()
    return tuple(kind for kind in Image.OPEN if Image.MIME.get(kind, "").startswith("image/"))
