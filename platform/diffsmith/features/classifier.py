"""A small classifier, whose last but one layer is a feature space."""

import torch
from torch import Tensor, nn

__all__ = ["FEATURES", "Classifier"]

FEATURES = 32


class Classifier(nn.Module):
    """Squeeze what `look` sees in a row into 32 numbers, and name its class by them.

    look: [B, ...] to [B, ...] of `seen` numbers a row.
    """

    def __init__(self, look: nn.Module, seen: int, classes: int) -> None:
        super().__init__()
        self.look = look
        self.squeeze = nn.Linear(seen, FEATURES)
        self.name = nn.Linear(FEATURES, classes)

    def features(self, x: Tensor) -> Tensor:
        """[B, ...] -> [B, 32], each within one."""
        return torch.tanh(self.squeeze(self.look(x).flatten(1)))

    def forward(self, x: Tensor) -> Tensor:
        """[B, ...] -> a logit for each class."""
        logits: Tensor = self.name(self.features(x))
        return logits
