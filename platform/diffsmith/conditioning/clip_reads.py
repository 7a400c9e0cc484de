"""What networks read of CLIP's states: one encoder's, several side by side, or one chunk alone."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import SpecError
from .chunks import common_length, lengthened
from .clip_text import ClipText
from .rows import Read, Row

__all__ = ["in_one_chunk", "side_by_side", "skips", "text_alone"]


def text_alone(words: ClipText) -> Read:
    """Rows -> {"text": [N, L, D]}."""

    def read(rows: Sequence[Row]) -> dict[str, Tensor]:
        states, _ = words(rows)
        return {"text": lengthened(states, common_length(states))}

    return read


def side_by_side(*encoders: ClipText) -> Read:
    """Rows -> {"text": [N, L, all D together], "pooled": the last encoder's [N, P]}."""

    def read(rows: Sequence[Row]) -> dict[str, Tensor]:
        known = [words(rows) for words in encoders]
        length = common_length(*(states for states, _ in known))
        text = torch.cat([lengthened(states, length) for states, _ in known], dim=-1)
        return {"text": text, "pooled": known[-1][1]}

    return read


def in_one_chunk(words: ClipText) -> Read:
    """As text_alone, for networks whose places for text are counted; a SpecError for what does not fit."""
    read, most = text_alone(words), words.window.length - 2

    def reading(rows: Sequence[Row]) -> dict[str, Tensor]:
        long = [row.text for row in rows if len(words.chunks(row.text)) > 1]
        if long:
            told = f"{long[0][:40]!r}… is longer than the {most} tokens that this model reads"
            raise SpecError([f"prompt: {told}; shorten it, and leave BREAK out"])
        return read(rows)

    return reading


def skips(skip: int, negative_skip: int, *, spare: int, of: Sequence[ClipText]) -> dict[str, int]:
    """Layers to leave out by branch, besides the `spare` last ones; a SpecError where none would remain."""
    most = min(words.layers for words in of) - 1 - spare
    given = {"clip_skip": skip, "negative_clip_skip": negative_skip}
    faults = [
        f"conditioner.{name}: {value} layers cannot be left out here, at most {most}"
        for name, value in given.items()
        if value > most
    ]
    if faults:
        raise SpecError(faults)
    return {"conditional": skip, "unconditional": negative_skip}
