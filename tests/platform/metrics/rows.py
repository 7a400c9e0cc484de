"""What these tests share: rows, and something to compare them with."""

import torch

from diffsmith.data import Split
from diffsmith.metrics import Reference


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def against(real, embed=lambda x: x.flatten(1)):
    return Reference(Split(real, None), embed)
