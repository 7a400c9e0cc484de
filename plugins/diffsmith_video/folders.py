"""A folder of clips: which there are, what class each is of, and windows of frames in them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from diffsmith.errors import FileFault
from diffsmith.pictures.reading import Fit

from .parquet import Stored
from .reading import read_clip
from .sources import lasting
from .walking import rows_in

__all__ = ["Clips", "Form", "Window", "clips_of", "windows_of"]


class Window(NamedTuple):
    """So many frames of a clip, from number `start` on."""

    clip: Path | Stored
    start: int


class Form(NamedTuple):
    """What every clip is read as: its frames, frames a second, height and width, channels."""

    frames: int
    rate: float
    size: tuple[int, int]
    channels: int
    fit: Fit


@dataclass(frozen=True)
class Clips:
    """Windows as rows [channels, frames, height, width] in [-1, 1], read when they are wanted."""

    windows: Sequence[Window]
    form: Form

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, index: Tensor | slice, /) -> "Clips":
        numbers = torch.arange(len(self.windows))[index].tolist()
        return Clips([self.windows[number] for number in numbers], self.form)

    def read(self) -> Tensor:
        """All of them, [N, channels, frames, height, width]; a FileFault names one that cannot be read."""
        with ThreadPoolExecutor() as readers:  # FFmpeg and Pillow decode without the lock
            return torch.stack(list(readers.map(self._pixels, self.windows)))

    def _pixels(self, window: Window) -> Tensor:
        form, clip = self.form, window.clip
        x = read_clip(
            clip.clip() if isinstance(clip, Stored) else clip,
            form.channels,
            size=form.size,
            frames=form.frames,
            rate=form.rate,
            start=window.start,
            fit=form.fit,
        )
        if x.shape[1] < form.frames:
            ends = f"ends after {window.start + x.shape[1]} frames at {form.rate:g} a second"
            raise FileFault(_name(clip), f"{ends}, earlier than it says")
        return x


def clips_of(root: Path) -> tuple[list[Path | Stored], list[int], tuple[str, ...]]:
    """(clips, their labels, the classes' names), in the order of the names; no classes, no names."""
    rows = rows_in(root)
    clips, told = [clip for clip, _ in rows], [said for _, said in rows]
    names = tuple(sorted({said for said in told if said is not None}))
    if names and None in told:
        bare = _name(clips[told.index(None)])
        raise FileFault(bare, "has no class or caption, as other clips beside it have")
    places = {name: place for place, name in enumerate(names)}
    return clips, [0 if said is None else places[said] for said in told], names


def windows_of(clips: Sequence[Path | Stored], form: Form, most: int) -> list[list[Window]]:
    """Of each clip at most so many windows, spread evenly, that share no frame; none of one too short."""
    with ThreadPoolExecutor() as readers:
        counts = list(readers.map(lambda clip: _frames(clip, form.rate), clips))
    return [
        [Window(clip, start) for start in _starts(count, form.frames, most)]
        for clip, count in zip(clips, counts, strict=True)
    ]


def _frames(clip: Path | Stored, rate: float) -> int:
    """How many there are at so many a second."""
    there = clip.clip() if isinstance(clip, Stored) else clip
    return int(lasting(there, rate) * rate + 0.5 + 1e-6)


def _starts(count: int, frames: int, most: int) -> list[int]:
    """In the middle of equal parts."""
    windows = min(most, count // frames)
    return [int((place + 0.5) * count / windows - frames / 2) for place in range(windows)]


def _name(clip: Path | Stored) -> Path:
    return clip.file / f"group {clip.group}, row {clip.row}" if isinstance(clip, Stored) else clip
