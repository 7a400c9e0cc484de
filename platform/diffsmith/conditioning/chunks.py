"""Prompts of any length in chunks that a text encoder of fixed length can read."""

from collections.abc import Callable, Sequence
from math import lcm
from typing import NamedTuple

import torch
from torch import Tensor

from .prompts import Piece

__all__ = ["Chunk", "Tokens", "Window", "chunks", "common_length", "lengthened", "weighted_tokens"]

Tokens = Callable[[str], Sequence[int]]
"""Text -> token numbers, without begin and end."""


class Window(NamedTuple):
    """What an encoder reads at once: `length` tokens, the first `begin`, then words, `end` and padding."""

    begin: int
    end: int
    pad: int
    length: int


class Chunk(NamedTuple):
    """One window's token numbers, and the weight of each."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]


def chunks(sections: Sequence[Sequence[Piece]], tokens: Tokens, window: Window) -> list[Chunk]:
    """All words in windows, in order, none left out; each section starts a new one. Never empty."""
    room = window.length - 2
    words = [weighted_tokens(section, tokens) for section in sections]
    parts = [part[at : at + room] for part in words for at in range(0, len(part), room)]
    return [_framed(part, window) for part in parts or [[]]]


def weighted_tokens(pieces: Sequence[Piece], tokens: Tokens) -> list[tuple[int, float]]:
    """Each token of the pieces with its weight."""
    return [(token, weight) for text, weight in pieces for token in tokens(text)]


def _framed(words: list[tuple[int, float]], window: Window) -> Chunk:
    padding = window.length - 2 - len(words)
    ids = (window.begin, *(token for token, _ in words), window.end, *[window.pad] * padding)
    return Chunk(ids, (1.0, *(weight for _, weight in words), *[1.0] * (padding + 1)))


def common_length(*texts: Sequence[Tensor]) -> int:
    """The least length that every text [L_i, D] fits into a whole number of times."""
    return lcm(*(len(states) for rows in texts for states in rows))


def lengthened(rows: Sequence[Tensor], length: int) -> Tensor:
    """Texts [L_i, D] as one batch [N, length, D], each repeated until it is that long.

    Attention reads in a text said twice exactly what it reads in it once, so a prompt means the same
    beside a longer one. Padding would be read too.
    """
    return torch.stack([states.repeat(length // len(states), 1) for states in rows])
