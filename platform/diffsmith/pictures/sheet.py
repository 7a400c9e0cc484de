"""A contact sheet: all the pictures of one call side by side, captioned."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from .files import picture

if TYPE_CHECKING:
    from torch import Tensor

    from ..samples import Sample

__all__ = ["contact_sheet", "enlarged"]

_MARGIN, _GAP, _CAPTION = 24, 16, 24
_SIDE = 96
"""Smaller pictures are scaled up, by whole numbers, to about this many pixels."""

_PAPER, _INK, _PALE = (250, 250, 248), (40, 44, 52), (134, 140, 150)


def contact_sheet(
    samples: "Sequence[Sample]",
    show: "Callable[[Tensor], Image.Image]" = picture,
    columns: int | None = None,
) -> Image.Image:
    """The samples in rows, left to right; small pictures enlarged pixel by pixel.

    show: a sample's data -> its picture. columns: as suits their number unless given.
    """
    pictures = [enlarged(show(sample.data).convert("RGB")) for sample in samples]
    width, height = (max(image.size[axis] for image in pictures) for axis in (0, 1))
    columns = columns or _columns(len(samples))
    rows = math.ceil(len(samples) / columns)
    sheet = Image.new("RGB", (_span(columns, width, _GAP), _span(rows, height + _CAPTION, _GAP)), _PAPER)
    for place, (sample, image) in enumerate(zip(samples, pictures, strict=True)):
        row, column = divmod(place, columns)
        corner = (_MARGIN + column * (width + _GAP), _MARGIN + row * (height + _CAPTION + _GAP))
        sheet.paste(image, corner)
        _caption(ImageDraw.Draw(sheet), sample, corner[0], corner[1] + height + 5, width)
    return sheet


def enlarged(image: Image.Image) -> Image.Image:
    """Small pictures larger by a whole number, their pixels squares."""
    times = max(1, round(_SIDE / max(image.size)))
    return image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)


def _columns(count: int) -> int:
    """From a square to a wide sheet, the fewest columns that leave the fewest holes."""
    square = math.ceil(math.sqrt(count))
    return min(range(square, 2 * square + 1), key=lambda columns: -count % columns)


def _span(count: int, size: int, gap: int) -> int:
    return 2 * _MARGIN + count * size + (count - 1) * gap


def _caption(draw: ImageDraw.ImageDraw, sample: "Sample", left: int, top: int, width: int) -> None:
    """The label on the left, the seed on the right; long seeds are set smaller."""
    label = "" if sample.label is None else str(sample.label)
    seed = f"seed {sample.seed}" if sample.seed < 10**7 else str(sample.seed)
    room = width - _font(label, width).getlength(label) - 6
    draw.text((left, top), label, _INK, _font(label, width))
    draw.text((left + width, top), seed, _PALE, _font(seed, room), anchor="ra")


def _font(text: str, room: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The largest that lets the text fit."""
    sizes = [ImageFont.load_default(size) for size in range(13, 6, -1)]
    return next((font for font in sizes if font.getlength(text) <= room), sizes[-1])
