"""Class labels of networks that were trained with a class for every picture."""

import torch
from torch import Tensor, nn

__all__ = ["ClassTable"]


class ClassTable(nn.Embedding):
    """A vector for each class; a label beyond them, "no class", is a vector of zeros."""

    def __init__(self, classes: int, width: int) -> None:
        super().__init__(classes, width)
        self.nothing = classes

    def forward(self, label: Tensor) -> Tensor:
        """[B] to [B, width]."""
        known = label < self.nothing
        return torch.where(known[:, None], super().forward(label * known), 0)
