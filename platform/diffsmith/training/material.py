"""What a network learns from: data as it sees them, and what it is told of each row."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..conditioning import Conditioner
from ..data import Data, Split
from ..errors import SpecError

__all__ = ["Material", "material_of"]


@dataclass(frozen=True)
class Material:
    """rows: x in the network's space, and labels. told: labels [B] -> the network's condition.

    nobody: the label that stands for no class, or for no caption; None where nothing is told.
    """

    rows: Split
    told: Callable[[Tensor | None], dict[str, Tensor]]
    nobody: int | None


def material_of(rows: Split, data: Data, classes: int | None, conditioner: Conditioner | None) -> Material:
    """Rows with their classes; where a conditioner reads text, the classes' names are their captions."""
    if conditioner is None:
        known = rows if classes is not None else Split(rows.x, None)
        return Material(known, _labelled, classes)
    if not data.class_names:
        what = "has no captions, which this model reads: put a .txt file of the same name beside each picture"
        raise SpecError(
            [f"data: {data.name} {what}, or sort the pictures into folders called what they show"]
        )
    side = int(data.train.x.shape[2]), int(data.train.x.shape[3])
    with torch.no_grad():
        read = conditioner((*data.class_names, ""), None, side, guided=False)["conditional"]
    table = {name: value.to(rows.x.device) for name, value in read.items()}

    def told(label: Tensor | None) -> dict[str, Tensor]:
        return {} if label is None else {name: value[label] for name, value in table.items()}

    return Material(rows, told, len(data.class_names))


def _labelled(label: Tensor | None) -> dict[str, Tensor]:
    return {} if label is None else {"label": label}
