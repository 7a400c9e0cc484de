"""Handwritten digits that move, turn and bounce: clips made when they are wanted, each from its number."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import pi
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from diffsmith.data import Split
from diffsmith.data.split import split

__all__ = ["Label", "Motion", "MovingDigits", "label_of", "names_of", "parts_of"]

Label = Literal["digit", "motion", "both"]

_DIGITS = tuple("0123456789")
_HEADINGS = ("right", "down right", "down", "down left", "left", "up left", "up", "up right")
_SIDE, _ROOM = 0.65, 0.7
"""Of the frame's side: how high a digit is drawn, and how high one is counted that may be turned."""

_STEP = 0.05
"""Of the frame's side, a frame: how far digits move at motion 1."""

_TURN = 20 * pi / 180
_SHARES = (0.6, 0.8)
_AT_ONCE = 2**22  # pixels
_DRAWS = 7  # numbers a clip


class Motion(NamedTuple):
    """Frames, the frame's side in pixels, and how fast."""

    frames: int
    size: int
    speed: float


@dataclass(frozen=True)
class MovingDigits:
    """Clips of those numbers as rows [1, frames, size, size] in [-1, 1].

    digits: of each class [n, 8, 8] in [0, 1]. source: the seed, and which part of the data it is.
    """

    digits: Sequence[Tensor]
    numbers: Tensor
    motion: Motion
    source: tuple[int, int]

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: Tensor | slice, /) -> "MovingDigits":
        return replace(self, numbers=self.numbers[index])

    def read(self) -> Tensor:
        """All of them [N, 1, frames, size, size]."""
        at_once = max(1, _AT_ONCE // (self.motion.frames * self.motion.size**2))
        return torch.cat([self._drawn(numbers.tolist()) for numbers in self.numbers.split(at_once)])

    def _drawn(self, numbers: Sequence[int]) -> Tensor:
        draws = torch.tensor(np.stack([self._draws(number) for number in numbers]), dtype=torch.float32)
        which, *drawn = draws.T
        of_class = [self.digits[number % len(_DIGITS)] for number in numbers]
        pictures = torch.stack(
            [few[int(share * len(few))] for few, share in zip(of_class, which, strict=True)]
        )
        return _shown(pictures, _tracks(_heading(torch.tensor(numbers)), drawn, self.motion), self.motion)

    def _draws(self, number: int) -> np.ndarray:
        """A clip's own numbers in [0, 1), whichever other clips there are."""
        return np.random.default_rng([*self.source, number]).random(_DRAWS)


def parts_of(clips: int, motion: Motion, seed: int) -> list[MovingDigits]:
    """Train, validation and test, of which none shows a digit that another one shows."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    pictures = torch.tensor(bunch.images, dtype=torch.float32) / 16
    ends = [0, *(round(clips * share) for share in _SHARES), clips]
    counts = [end - start for start, end in pairwise(ends)]
    parts = split(Split(pictures, torch.tensor(bunch.target)), held_out=1 - _SHARES[0], seed=seed)
    return [
        MovingDigits(_by_class(part), torch.arange(count), motion, (seed, place))
        for place, (part, count) in enumerate(zip(parts, counts, strict=True))
    ]


def label_of(part: MovingDigits, label: Label) -> Tensor:
    """The class of each clip [N]: of 80 neighbours each shows another digit with another heading."""
    digit, heading = part.numbers % len(_DIGITS), _heading(part.numbers)
    return {"digit": digit, "motion": heading, "both": digit * len(_HEADINGS) + heading}[label]


def names_of(label: Label) -> tuple[str, ...]:
    """The classes' names."""
    both = tuple(f"{digit} {heading}" for digit in _DIGITS for heading in _HEADINGS)
    return {"digit": _DIGITS, "motion": _HEADINGS, "both": both}[label]


def _heading(numbers: Tensor) -> Tensor:
    return (numbers // len(_DIGITS) + 3 * numbers) % len(_HEADINGS)


def _by_class(part: Split) -> list[Tensor]:
    return [part.x[part.label == digit] for digit in range(len(_DIGITS))]


def _tracks(headings: Tensor, drawn: Sequence[Tensor], motion: Motion) -> tuple[Tensor, Tensor]:
    """(places [N, F, 2] of the middle as x and y in [-1, 1], angles [N, F]).

    A clip begins where it can go on for a while before it meets an edge.
    """
    veer, speed, left, top, phase, pace = drawn
    time = torch.arange(motion.frames)
    angle = headings * pi / 4 + (veer - 0.5) * pi / 6
    velocity = (
        torch.stack([angle.cos(), angle.sin()], -1) * (motion.speed * _STEP * (0.75 + speed / 2))[:, None]
    )
    begin = torch.stack([left, top], -1) / 2
    begin = torch.where(velocity < 0, 1 - begin, begin) * (1 - _ROOM)
    path = begin[:, None] + velocity[:, None] * time[:, None]
    swing = phase[:, None] * 2 * pi + motion.speed * (0.5 + pace[:, None]) * time * pi / 8
    return (_bounced(path, 1 - _ROOM) - (1 - _ROOM) / 2) * 2, _TURN * swing.sin()


def _bounced(path: Tensor, room: float) -> Tensor:
    """A straight path, thrown back at 0 and at `room`."""
    return room - (path % (2 * room) - room).abs()


def _shown(pictures: Tensor, tracks: tuple[Tensor, Tensor], motion: Motion) -> Tensor:
    """Digits [N, 8, 8] in [0, 1] drawn at their places, smoothly between pixels: [N, 1, F, size, size]."""
    places, angles = (track.flatten(0, 1) for track in tracks)
    count = len(places)
    turn = (
        torch.stack([angles.cos(), angles.sin(), -angles.sin(), angles.cos()], -1).view(count, 2, 2) / _SIDE
    )
    affine = torch.cat([turn, -turn @ places[..., None]], dim=-1)
    grid = F.affine_grid(affine, [count, 1, motion.size, motion.size], align_corners=False)
    ink = pictures.repeat_interleave(motion.frames, dim=0)[:, None]
    drawn = F.grid_sample(ink, grid, mode="bicubic", align_corners=False).clamp(0, 1) * 2 - 1
    return drawn.view(len(pictures), 1, motion.frames, motion.size, motion.size)
