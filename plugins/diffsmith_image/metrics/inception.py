"""torchmetrics' scores in Inception features, the ones papers report."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from diffsmith.errors import FileFault
from diffsmith.metrics import Reference
from diffsmith.metrics.compared import require_comparable

from .pretrained import inception_file
from .rgb import rgb

__all__ = ["fid", "inception_kid"]

_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"


def fid(samples: Tensor, reference: Reference) -> float:
    """Frechet distance in Inception-v3 features, by torchmetrics (Heusel et al. 2017).

    Also: frechet_inception_distance
    """
    from torchmetrics.image.fid import FrechetInceptionDistance

    return float(_shown(FrechetInceptionDistance(_network()), samples, reference).compute())


def inception_kid(samples: Tensor, reference: Reference) -> float:
    """Kernel distance in Inception-v3 features, by torchmetrics (Binkowski et al. 2018).

    Also: kernel_inception_distance
    """
    from torchmetrics.image.kid import KernelInceptionDistance

    size = min(1000, len(samples), len(reference.real))
    metric = _shown(KernelInceptionDistance(_network(), subset_size=size), samples, reference)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return float(metric.compute()[0])


def _shown(metric: Any, samples: Tensor, reference: Reference) -> Any:
    require_comparable(samples, reference, least=2)
    for rows, real in ((samples, False), (reference.real.x, True)):
        for part in torch.split(rows, 64):
            metric.update(rgb(part), real=real)
    return metric


@cache
def _network() -> nn.Module:
    from torchmetrics.image.fid import NoTrainInceptionV3

    path = _verified(inception_file())
    network: nn.Module = NoTrainInceptionV3("inception-v3-compat", ["2048"], str(path))
    return network


def _verified(path: Path | None) -> Path:
    """The weights are a pickle, so only these very bytes are opened."""
    if path is None:
        raise FileFault("the Inception weights", "are not in torch hub's checkpoints folder")
    if hashlib.sha256(path.read_bytes()).hexdigest() != _SHA256:
        raise FileFault(path, f"is damaged or not the Inception weights: its SHA-256 is not {_SHA256}")
    return path
