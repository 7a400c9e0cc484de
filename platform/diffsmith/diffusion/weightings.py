"""How much the loss minds each noise level: functions (level, prediction) -> weight of the squared error."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from .levels import Level
from .prediction import Prediction
from .scalars import Number

__all__ = ["edm", "min_snr", "uniform"]

Positive = Annotated[float, Field(gt=0)]


def uniform(level: Level, prediction: Prediction) -> Tensor:
    """The plain squared error of what the network answers (Ho et al. 2020, eq. 14)."""
    return torch.ones_like(level.sigma)


def min_snr(level: Level, prediction: Prediction, *, gamma: Positive = 5.0) -> Number:
    """Clean levels count no more than gamma (Hang et al. 2023), for every kind of prediction."""
    snr = (level.alpha / level.sigma) ** 2
    return snr.clamp(max=gamma) / prediction.slope(level) ** 2


def edm(level: Level, prediction: Prediction, *, sigma_data: Positive = 0.5) -> Number:
    """Every level starts with the same loss (Karras et al. 2022, Table 1), for every kind of prediction."""
    sigma = level.sigma / level.alpha
    in_x0 = (sigma**2 + sigma_data**2) / (sigma * sigma_data) ** 2
    return in_x0 / prediction.slope(level) ** 2
