"""Clips as pictures: all frames on one strip, or a picture for each."""

import re
from itertools import count
from pathlib import Path

from PIL import Image
from torch import Tensor

from diffsmith.pictures.files import picture, read_facts, write_picture
from diffsmith.pictures.sheet import enlarged

__all__ = ["frames_facts", "is_numbered", "numbered", "strip", "strip_facts", "write_frames", "write_strip"]

NUMBER = re.compile(r"%(0?\d*)d")
"""Where the frame's number stands in a name such as frame_%04d.png."""

_COLUMNS, _GAP = 8, 2


def strip(data: Tensor) -> Image.Image:
    """uint8 [F, H, W, 1 or 3] side by side, eight a row at most, small frames enlarged."""
    pictures = [enlarged(picture(frame).convert("RGB")) for frame in data]
    width, height = pictures[0].width + _GAP, pictures[0].height + _GAP
    columns, rows = min(len(data), _COLUMNS), -(-len(data) // _COLUMNS)
    whole = Image.new("RGB", (columns * width - _GAP, rows * height - _GAP), "white")
    for place, each in enumerate(pictures):
        whole.paste(each, (place % _COLUMNS * width, place // _COLUMNS * height))
    return whole


def write_strip(data: Tensor, path: Path, facts: dict[str, str], rate: float) -> None:
    """All frames on one picture, which has no rate."""
    write_picture(strip(data), path, facts)


def strip_facts(path: Path) -> dict[str, str]:
    """What stands in that picture."""
    return read_facts(path)


def write_frames(data: Tensor, path: Path, facts: dict[str, str], rate: float) -> None:
    """A picture for each frame as it is, counted from 0, each with the facts inside.

    Frames that a longer clip of ours left behind them are removed.
    """
    for number, frame in enumerate(data):
        write_picture(picture(frame), numbered(path, number), facts)
    for number in count(len(data)):
        left = numbered(path, number)
        if not left.is_file() or "diffsmith" not in read_facts(left):
            return
        left.unlink()


def frames_facts(path: Path) -> dict[str, str]:
    """What stands in the first of the pictures."""
    return read_facts(numbered(path, 0))


def is_numbered(path: Path) -> bool:
    """Whether the name has a place for the number of a frame."""
    return NUMBER.search(path.name) is not None


def numbered(path: Path, number: int) -> Path:
    """frame_%04d.png, 7 -> frame_0007.png."""
    return path.with_name(NUMBER.sub(lambda place: format(number, f"{place[1]}d"), path.name, count=1))
