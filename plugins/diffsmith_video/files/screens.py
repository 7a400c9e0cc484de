"""Pixels as players show them."""

import torch
from torch import Tensor

__all__ = ["shown"]

_LEAST, _MOST = 128, 1024


def shown(data: Tensor, grain: int = 1) -> Tensor:
    """uint8 [F, H, W, C]: small clips enlarged by whole numbers, then filled up to multiples of `grain`.

    Enlarged, the shorter side has at least 128 pixels, unless the longer one would have more than 1024 then.
    What is filled up repeats the edge. The pixels as they are stand in .safetensors and in PNG frames.
    """
    height, width = data.shape[1:3]
    times = max(1, min(-(-_LEAST // min(height, width)), _MOST // max(height, width)))
    rows, columns = (_places(side, times, grain) for side in (height, width))
    return data[:, rows][:, :, columns]


def _places(side: int, times: int, grain: int) -> Tensor:
    """Which pixel of a side stands at each place of the longer side."""
    longer = -(-side * times // grain) * grain
    return (torch.arange(longer) // times).clamp_max(side - 1)
