"""Captions as networks read them: each read once, before the first step."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from ..conditioning import Conditioner, Size
from ..conditioning.chunks import common_length, lengthened
from ..pipeline.conditions import converted

__all__ = ["Captions", "captions_of"]

_AT_ONCE = 16


@dataclass(frozen=True)
class Captions:
    """What a network reads of each caption, on the CPU: states of texts are many times larger than latents.

    Callable on numbers [B] of captions -> conditions [B, ...] on the device; the last stands for no caption.
    """

    rows: Sequence[dict[str, Tensor]]
    device: torch.device

    def __call__(self, numbers: Tensor | None) -> dict[str, Tensor]:
        """The conditions of these captions as one batch; nothing for rows that have none."""
        if numbers is None:
            return {}
        chosen = [self.rows[number] for number in numbers.tolist()]
        together = _filled_up if "text_mask" in chosen[0] else _as_long
        return {name: together([row[name] for row in chosen]).to(self.device) for name in chosen[0]}


def captions_of(
    texts: Sequence[str], conditioner: Conditioner, size: Size, device: torch.device, dtype: torch.dtype
) -> Generator[int, None, Captions]:
    """All captions for pictures of that size, and behind them none; yields how many were read.

    None is what the unconditional branch of guidance reads where nobody gives a negative prompt.
    """
    rows, cpu = list[dict[str, Tensor]](), torch.device("cpu")
    for start in range(0, len(texts), _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        read = converted(conditioner(some, None, size, guided=False)["conditional"], cpu, dtype)
        rows += [{name: value[row] for name, value in read.items()} for row in range(len(some))]
        yield len(rows)
    none = converted(conditioner(("",), None, size, guided=True)["unconditional"], cpu, dtype)
    return Captions([*rows, {name: value[0] for name, value in none.items()}], device)


def _filled_up(rows: list[Tensor]) -> Tensor:
    """Texts of any lengths; the mask, filled up alike, tells what is text."""
    return pad_sequence(rows, batch_first=True)


def _as_long(rows: list[Tensor]) -> Tensor:
    """Texts of any lengths, repeated to one: attention reads them alike."""
    return lengthened(rows, common_length(rows)) if rows[0].ndim > 1 else torch.stack(rows)
