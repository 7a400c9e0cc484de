"""Clips to learn from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field

from diffsmith.data import Data, Split
from diffsmith.data.split import split
from diffsmith.errors import FileFault
from diffsmith.pictures.reading import Fit

from .folders import Clips, Form, Window, clips_of, windows_of
from .moving_digits import Label, Motion, label_of, names_of, parts_of

__all__ = ["clips", "moving_digits"]

Seed = Annotated[int, Field(ge=0, lt=2**32)]
Side = Annotated[int, Field(ge=8, le=2048)]
Rate = Annotated[float, Field(gt=0, le=240)]


def moving_digits(
    *,
    frames: Annotated[int, Field(ge=2, le=256)] = 8,
    size: Annotated[int, Field(ge=12, le=256)] = 16,
    clips: Annotated[int, Field(ge=100, le=1_000_000)] = 2000,
    motion: Annotated[float, Field(ge=0, le=4)] = 1.0,
    label: Label = "digit",
    seed: Seed = 0,
) -> Data:
    """Handwritten digits that move, turn and bounce in a frame of grey pixels; as many clips as are wanted.

    The digits are scikit-learn's; those in one part's clips are in no other's. motion: how fast, 1: about a
    twentieth of the side a frame, turning to and fro by up to 20 degrees; 0: they stand still. label: what a
    class is: the digit, the direction in which it starts, or both.
    """
    parts = parts_of(clips, Motion(frames, size, motion), seed)
    train, validation, test = (Split(part, label_of(part, label)) for part in parts)
    names = names_of(label)
    return Data("moving_digits", "video", train, validation, test, len(names), names, fps=8.0)


def clips(  # noqa: PLR0913 — the options of a data set
    *,
    path: str,
    size: Side | tuple[Side, Side] = 64,
    frames: Annotated[int, Field(ge=1, le=1024)] = 16,
    rate: Rate = 8.0,
    channels: Literal[1, 3] = 3,
    fit: Fit = "crop",
    windows: Annotated[int, Field(ge=1)] = 1,
    held_out: Annotated[float, Field(gt=0, lt=1)] = 0.2,
    seed: Seed = 0,
) -> Data:
    """A folder of clips, so many frames of each at `rate` a second; subfolders, if any, are the classes.

    Where text files of the same names lie beside the clips, they are the captions. Videos, animated pictures
    and folders of pictures are clips; so are the rows of metadata.csv or .jsonl (file_name, and text, caption
    or label), and those of Parquet files, as on the Hugging Face Hub. A long clip gives up to `windows` rows
    that share no frame; one that is too short gives none. Clips are read when they are wanted, and all
    windows of one stand in one part of the data. size: a side, or height and width.
    """
    root = Path(path).expanduser()
    form = Form(frames, rate, (size, size) if isinstance(size, int) else size, channels, fit)
    found, labels, names = clips_of(root)
    cut = [each for each in zip(windows_of(found, form, windows), labels, strict=True) if each[0]]
    if not cut:
        raise FileFault(root, f"holds no clip of {frames} frames at {rate:g} a second; ask for fewer frames")
    numbers = split(Split(torch.arange(len(cut)), None), max(held_out, 2 / len(cut)), seed)
    if min(len(part) for part in numbers) == 0:
        raise FileFault(root, f"holds {len(cut)} clips: too few to train on some and hold out {held_out}")
    train, validation, test = (
        _rows([cut[number] for number in part.x.tolist()], form, bool(names)) for part in numbers
    )
    name, classes = root.resolve().name, len(names) or None
    return Data(name, "video", train, validation, test, classes, names, fps=rate)


def _rows(cut: Sequence[tuple[list[Window], int]], form: Form, told: bool) -> Split:
    """All windows of some clips."""
    rows = [(window, label) for windows, label in cut for window in windows]
    labels = torch.tensor([label for _, label in rows]) if told else None
    return Split(Clips([window for window, _ in rows], form), labels)
