"""Animated GIF, WebP, PNG and AVIF, by Pillow; a picture that stands still is a clip of one frame."""

import struct
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from diffsmith.errors import FileFault
from diffsmith.pictures.files import BROKEN
from diffsmith.pictures.reading import kinds, opaque

from .moments import Moment

__all__ = ["animation_moments", "is_animation"]

_KINDS = tuple(kind for kind in ("GIF", "PNG", "WEBP", "AVIF", "JPEG") if kind in kinds())
_DAMAGED = (*BROKEN, IndexError, struct.error)
_SHORTEST, _INSTEAD = 0.011, 0.1
"""Seconds: frames that ask for less are shown for a tenth, as browsers do."""


def is_animation(file: str | BytesIO) -> bool:
    """Whether Pillow knows it by its first bytes."""
    try:
        with Image.open(file, formats=_KINDS):
            return True
    except UnidentifiedImageError:
        return False
    except _DAMAGED:
        return True


def animation_moments(name: Path, file: str | BytesIO) -> Iterator[Moment]:
    """Its frames, each for its own time."""
    time = 0.0
    try:
        with Image.open(file, formats=_KINDS) as image:
            moves = getattr(image, "n_frames", 1) > 1
            for frame in ImageSequence.Iterator(image):
                frame.load()
                until = time + _seconds(frame, moves)
                yield Moment(time, until, partial(_upright, frame.copy()))
                time = until
    except _DAMAGED as error:
        raise FileFault(name, f"is damaged or cut short: it cannot be read to its end ({error})") from None


def _seconds(frame: Image.Image, moves: bool) -> float:
    told = frame.info.get("duration", 0) / 1000
    return _INSTEAD if moves and told < _SHORTEST else told


def _upright(frame: Image.Image) -> Image.Image:
    return opaque(ImageOps.exif_transpose(frame))
