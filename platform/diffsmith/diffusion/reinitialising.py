"""Noise that keeps the slow motion of a result: what a walk begins from a second time."""

import torch
from torch import Tensor
from torch.fft import fftn, fftshift, ifftn, ifftshift

__all__ = ["low_pass", "mixed"]

_AXES = (-3, -2, -1)


def mixed(x: Tensor, fresh: Tensor, low: Tensor) -> Tensor:
    """Low frequencies of x and high ones of fresh noise, clips [B, C, F, H, W] (Wu et al. 2023, eq. 5)."""
    spectrum, noise = (fftshift(fftn(each, dim=_AXES), dim=_AXES) for each in (x, fresh))
    blended = spectrum * low + noise * (1 - low)
    real: Tensor = ifftn(ifftshift(blended, dim=_AXES), dim=_AXES).real
    return real


def low_pass(
    shape: tuple[int, ...], kind: str, order: int, spatial_stop: float, temporal_stop: float
) -> Tensor:
    """How much of each frequency is kept, [F, H, W], the lowest in the middle (Wu et al. 2023, equation 3).

    The stops are shares of the highest frequencies. kind: "butterworth", "gaussian" or "ideal".
    """
    if not spatial_stop or not temporal_stop:
        return torch.zeros(shape)
    time, rows, columns = (2 * torch.arange(side) / side - 1 for side in shape)
    along = (time * spatial_stop / temporal_stop) ** 2
    distance = along[:, None, None] + (rows**2)[:, None] + columns**2
    if kind == "butterworth":
        return 1 / (1 + (distance / spatial_stop**2) ** order)
    if kind == "gaussian":
        return (distance * (-1 / (2 * spatial_stop**2))).exp()
    return (distance <= 2 * spatial_stop).float()
