"""Pictures one by one: a folder of them, or names that differ in a number."""

import re
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path

from PIL import Image

from diffsmith.errors import FileFault
from diffsmith.pictures.reading import kinds, upright

from ..files import RATE
from ..files.stills import NUMBER
from .moments import Moment

__all__ = ["folder_of", "is_picture", "numbered_files", "picture_moments"]


def folder_of(folder: Path) -> list[Path]:
    """The pictures in a folder, 9 before 10."""
    files = sorted((file for file in folder.iterdir() if is_picture(file)), key=_in_order)
    if not files:
        raise FileFault(folder, "holds no pictures, expected the frames of a clip")
    return files


def numbered_files(pattern: Path) -> list[Path]:
    """The files whose names differ from frame_%04d.png in the number alone, in its order."""
    before, _, after = NUMBER.split(pattern.name, maxsplit=1)
    name = re.compile(rf"{re.escape(before)}\s*(\d+){re.escape(after)}")
    there = pattern.parent.iterdir() if pattern.parent.is_dir() else ()
    found = {int(match[1]): file for file in there if (match := name.fullmatch(file.name))}
    if not found:
        raise FileFault(pattern, "there are no pictures of such names")
    return [found[number] for number in sorted(found)]


def picture_moments(files: Sequence[Path], rate: float | None) -> Iterator[Moment]:
    """Each of them for one frame's time."""
    apart = 1 / (rate or RATE)
    for number, file in enumerate(files):
        yield Moment(number * apart, (number + 1) * apart, partial(upright, file))


def is_picture(file: Path) -> bool:
    """By its name; hidden files are none."""
    return file.suffix.lower() in _endings() and not file.name.startswith(".") and file.is_file()


def _in_order(file: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", file.name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


@cache
def _endings() -> frozenset[str]:
    return frozenset(ending for ending, kind in Image.registered_extensions().items() if kind in kinds())
