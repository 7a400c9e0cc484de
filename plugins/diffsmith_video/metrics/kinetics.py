"""Scores in features of a network that has learnt what people do in 300,000 clips (Kay et al. 2017)."""

from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from diffsmith.errors import FileFault
from diffsmith.metrics import Reference
from diffsmith.metrics.distances import frechet
from diffsmith.weights.networks import fill
from diffsmith.weights.opening import open_tensors

from .pretrained import r3d18_file

__all__ = ["fvd_r3d18"]


def fvd_r3d18(samples: Tensor, reference: Reference) -> float:
    """Frechet distance in features of R3D-18 on Kinetics-400 (Unterthiner et al. 2018; Tran et al. 2018).

    Papers print this distance in features of I3D: their numbers are not comparable with these.
    """
    return frechet(samples, Reference(reference.real, _embed))


def _embed(clips: Tensor) -> Tensor:
    """[N, 1 or 3, F, H, W] -> [N, 512]."""
    network = _network()
    with torch.no_grad():
        return torch.cat([network(_shown(part.float().cpu())) for part in torch.split(clips, 8)])


def _shown(clips: Tensor) -> Tensor:
    """As the network learnt to see them: colour frames of 112 x 112 pixels, normalised."""
    channels, frames = 3, clips.shape[2]
    sized = F.interpolate(clips.clamp(-1, 1), (frames, 112, 112), mode="trilinear", align_corners=False)
    colour = (sized.expand(-1, channels, -1, -1, -1) + 1) / 2
    mean, spread = (torch.tensor(each).view(channels, 1, 1, 1) for each in (_MEAN, _SPREAD))
    return (colour - mean) / spread


_MEAN, _SPREAD = (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)
"""Of the three colours in Kinetics, as torchvision publishes them with the weights."""


@cache
def _network() -> nn.Module:
    from torchvision.models.video import r3d_18

    path = r3d18_file()
    if path is None:
        raise FileFault("the R3D-18 weights", "are not in torch hub's checkpoints folder")
    tensors = open_tensors(path)  # a pickle, read where it can do nothing
    network: nn.Module = fill(r3d_18(weights=None), {name: tensors[name] for name in tensors}, path)
    network.fc = nn.Identity()
    return network.eval().requires_grad_(False)
