"""The networks of a training run: the one that learns, and copies that sample."""

from pathlib import Path

import torch
from torch import Tensor, nn

from ..pipeline import new_network
from ..pipeline.parts import Parts
from ..registry import Registry
from ..specs import TrainSpec
from ..weights.networks import assign
from .matching import begun
from .order import seeded_step

__all__ = ["copied", "first_network"]


def first_network(spec: TrainSpec, registry: Registry) -> nn.Module:
    """The network before the first step, in float32: by the seed, or a copy of the spec's weights."""
    if not begun(spec):
        with seeded_step(spec.train.seed, 0):
            return new_network(spec.model, registry)
    found = Parts(spec, registry, Path()).network
    # Copies: the tensors are mapped from their file, which training would hold on to.
    own = {name: _copied(found.tensors[name]) for name in found.tensors}
    with torch.device("meta"):
        network = new_network(spec.model, registry)
    return assign(network, own, found.where)


def copied(network: nn.Module, spec: TrainSpec, registry: Registry) -> nn.Module:
    """A network of its own with these weights, plain again: nothing of what training put around it."""
    own = {name: _copied(tensor) for name, tensor in network.state_dict().items()}
    with torch.device("meta"):
        plain = new_network(spec.model, registry)
    return assign(plain, own, Path(spec.model.name))


def _copied(tensor: Tensor) -> Tensor:
    kept = torch.float32 if tensor.is_floating_point() else tensor.dtype
    return tensor.detach().to(kept, copy=True)
