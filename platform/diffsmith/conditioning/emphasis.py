"""Weights of words, applied to what an encoder made of them."""

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["emphasised"]

_NO_MEAN = 1e-3  # of the mean magnitude: below it a mean is what rounding left over


def emphasised(states: Tensor, weights: Sequence[float]) -> Tensor:
    """Encoder states [L, D], each token's times its weight, then scaled back to the mean they had.

    As AUTOMATIC1111's web UI does it by default (its emphasis "Original"), for each chunk by itself; states
    whose mean is nothing but rounding are not scaled back. Weights of 1 change nothing at all.
    """
    if all(weight == 1 for weight in weights):
        return states
    plain = states.float()
    heavier = plain * torch.tensor(weights, device=states.device)[:, None]
    means = torch.stack([plain.mean(), heavier.mean()])
    known = means.abs() > _NO_MEAN * torch.stack([plain.abs().mean(), heavier.abs().mean()])
    return (heavier * torch.where(known.all(), means[0] / means[1], 1.0)).to(states.dtype)
