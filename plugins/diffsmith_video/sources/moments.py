"""What every kind of clip is read as."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from diffsmith.errors import FileFault
from diffsmith.files import require_file

__all__ = ["Clip", "Content", "Moment", "opened"]


class Content(NamedTuple):
    """A clip that is no file of its own; name: what to call it when something is wrong with it."""

    name: Path
    data: bytes


Clip = Path | Content
"""A file, a folder of pictures, a name with a place for numbers (frame_%04d.png), or the bytes of a file."""


class Moment(NamedTuple):
    """A picture that is seen from `time` until `until`, in seconds from the clip's start.

    picture: makes it, upright and in 8-bit colour; most are never asked for.
    """

    time: float
    until: float
    picture: Callable[[], Image.Image]


def opened(clip: Clip) -> tuple[Path, str | BytesIO]:
    """(what to call it, what libraries open); a FileFault where there is no file, or an empty one."""
    if isinstance(clip, Content):
        if not clip.data:
            raise FileFault(clip.name, _EMPTY)
        return clip.name, BytesIO(clip.data)
    if not require_file(clip, "clip").stat().st_size:
        raise FileFault(clip, _EMPTY)
    return clip, str(clip.absolute())


_EMPTY = "is empty, expected a clip"
