"""What a data set is: tensors to train on, and tensors that training never sees."""

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Data", "Split", "split"]


@dataclass(frozen=True)
class Split:
    """x [N, ...] in network space, label [N] int64 or None."""

    x: Tensor
    label: Tensor | None

    def __len__(self) -> int:
        return len(self.x)

    def rows(self, index: Tensor | slice) -> "Split":
        """Some of the rows."""
        return Split(self.x[index], None if self.label is None else self.label[index])


@dataclass(frozen=True)
class Data:
    """train is learnt from, validation is selected on, test is reported on."""

    name: str
    modality: str
    train: Split
    validation: Split
    test: Split
    classes: int | None = None
    class_names: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample in network space."""
        return tuple(self.train.x.shape[1:])


def split(whole: Split, held_out: float = 0.44, seed: int = 0) -> tuple[Split, Split, Split]:
    """Shuffle by the seed, then train, validation and test; the last two share what is held out."""
    order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(seed))
    kept = round(len(order) * (1 - held_out))
    middle = kept + (len(order) - kept) // 2
    return whole.rows(order[:kept]), whole.rows(order[kept:middle]), whole.rows(order[middle:])
