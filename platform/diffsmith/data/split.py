"""What a data set is: tensors to train on, and tensors that training never sees."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

__all__ = ["Data", "Split", "Unread", "split"]


class Unread(Protocol):
    """Rows that stay where they are until somebody looks at them."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Tensor | slice, /) -> "Unread":
        """Some of the rows, unread."""

    def read(self) -> Tensor:
        """x [N, ...], float32, in network space."""


@dataclass(frozen=True)
class Split:
    """x [N, ...] in network space, label [N] int64 or None.

    Where x is given as Unread, it is read when it is first asked for, and `rows` read their own alone.
    """

    given: Tensor | Unread
    label: Tensor | None

    @cached_property
    def x(self) -> Tensor:
        """All rows; what was unread is read now, and kept."""
        return self.given if isinstance(self.given, Tensor) else self.given.read()

    def __len__(self) -> int:
        return len(self.given)

    def rows(self, index: Tensor | slice) -> "Split":
        """Some of the rows."""
        return Split(self.given[index], None if self.label is None else self.label[index])


@dataclass(frozen=True)
class Data:
    """train is learnt from, validation is selected on, test is reported on; fps: frames a second of clips."""

    name: str
    modality: str
    train: Split
    validation: Split
    test: Split
    classes: int | None = None
    class_names: tuple[str, ...] = ()
    fps: float | None = None

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample in network space; of rows that are unread, one is read for it."""
        return tuple(self.train.rows(slice(0, 1)).x.shape[1:])


def split(whole: Split, held_out: float = 0.44, seed: int = 0) -> tuple[Split, Split, Split]:
    """Shuffle by the seed, then train, validation and test; the last two share what is held out."""
    order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(seed))
    kept = round(len(order) * (1 - held_out))
    middle = kept + (len(order) - kept) // 2
    return whole.rows(order[:kept]), whole.rows(order[kept:middle]), whole.rows(order[middle:])
