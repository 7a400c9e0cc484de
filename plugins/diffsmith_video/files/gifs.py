"""Animated GIF: 256 colours for the whole clip, the facts in its comment."""

from itertools import pairwise
from pathlib import Path

from PIL import Image
from torch import Tensor

from diffsmith.errors import FileFault
from diffsmith.files import replacing, require_file
from diffsmith.pictures.files import BROKEN

from .facts import packed, unpacked
from .screens import shown

__all__ = ["gif_facts", "write_gif"]

_SHORTEST = 2
"""Hundredths of a second: what is shorter, browsers show for a tenth."""


_PIXELS = 2**16
"""So many tell the colours of a clip nearly as well as all do, in a twentieth of the time."""


def write_gif(data: Tensor, path: Path, facts: dict[str, str], rate: float) -> None:
    """uint8 [F, H, W, 1 or 3], shown over and over; grey is kept as it is."""
    first, *rest = _pictures(shown(data))
    with replacing(path) as beside:
        first.save(
            beside,
            "GIF",
            save_all=True,
            append_images=rest,
            duration=_durations(len(data), rate),
            loop=0,
            comment=packed(facts).encode(),
        )


def gif_facts(path: Path) -> dict[str, str]:
    """What was written into the comment; none where there is none of ours."""
    try:
        with Image.open(require_file(path, "clip"), formats=("GIF",)) as image:
            comment = image.info.get("comment", b"")
    except BROKEN as error:
        raise FileFault(path, f"is no clip that can be read: {error}") from None
    return unpacked(comment.decode(errors="replace"))


def _pictures(data: Tensor) -> list[Image.Image]:
    """One palette for all frames: what stands still does not shimmer."""
    frames, height, width, channels = data.shape
    if channels == 1:
        return [Image.fromarray(frame.numpy()) for frame in data[..., 0]]
    tall = _in_256_colours(data.reshape(frames * height, width, channels))
    return [tall.crop((0, top, width, top + height)) for top in range(0, frames * height, height)]


def _in_256_colours(pixels: Tensor) -> Image.Image:
    """uint8 [H, W, 3], exactly if they have no more colours, else as some pixels spread over all tell."""
    whole = Image.fromarray(pixels.numpy())
    if whole.getcolors(256):
        return whole.quantize(256)
    some = pixels.flatten(0, 1)[:: max(1, pixels.shape[0] * pixels.shape[1] // _PIXELS)]
    palette = Image.fromarray(some[None].numpy()).quantize(256)
    return whole.quantize(palette=palette, dither=Image.Dither.NONE)


def _durations(frames: int, rate: float) -> list[int]:
    """Milliseconds a frame, in the hundredths of a second that GIF counts in: rounded, they do not drift."""
    ends = [round(100 * number / rate) for number in range(frames + 1)]
    return [10 * max(_SHORTEST, end - start) for start, end in pairwise(ends)]
