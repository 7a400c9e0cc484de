"""The classifier of a data set, trained once and kept in the user's cache."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from ..caches import cache_folder
from ..data import Split
from ..errors import FileFault
from ..weights.tensors import load_tensors, save_tensors
from .classifier import Classifier
from .learning import Recipe, train, untrained

__all__ = ["Trained", "classifier_of"]

_NUMBERS = 2**22
"""Of rows that are looked at together, whose maps have to fit into the memory; and never more than 512."""


class Trained:
    """A classifier that has learnt, asked a few rows at a time."""

    def __init__(self, network: Classifier, views: int) -> None:
        self.network, self.views = network, views

    def embed(self, x: Tensor) -> Tensor:
        """Rows [N, ...] -> 32 features each."""
        return _in_parts(self.network.features, x)

    def name(self, x: Tensor) -> Tensor:
        """Rows [N, ...] -> the class of each [N], whatever view of it is seen."""
        logits = _in_parts(self.network, x)
        return logits.reshape(len(logits), -1, self.views).logsumexp(2).argmax(1)


def classifier_of(rows: Split, recipe: Recipe) -> Trained:
    """From the cache; made again if it is not there or damaged.

    Without labels (or with one for all) it learns to tell poses of the rows apart: such features know
    shapes, and know less about which kinds of rows there are.
    """
    x, label = rows.x.float().cpu(), _worth_learning(rows.label)
    views = len(recipe.views(tuple(x.shape[1:]), label))
    path = cache_folder("features") / f"{_key(recipe.name, x, label)}.safetensors"
    with suppress(FileFault, OSError, RuntimeError):
        return Trained(_load(path, untrained(recipe, x, label)), views)
    network = train(recipe, x, label)
    with suppress(FileFault, OSError):  # a cache that cannot be written costs seconds, not the score
        save_tensors(path, network.state_dict())
    return Trained(network, views)


def _in_parts(look: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    together = min(512, max(1, _NUMBERS // max(1, x[:1].numel())))
    with torch.no_grad():
        return torch.cat([look(part.float().cpu()) for part in torch.split(x, together)])


def _worth_learning(label: Tensor | None) -> Tensor | None:
    return None if label is None or int(label.max()) == 0 else label.cpu()


def _load(path: Path, network: Classifier) -> Classifier:
    tensors, _ = load_tensors(path)
    network.load_state_dict(tensors)
    return network.eval().requires_grad_(False)


def _key(recipe: str, x: Tensor, label: Tensor | None) -> str:
    """One name for one recipe on one set of rows."""
    digest = hashlib.sha256(f"{recipe} {tuple(x.shape)}".encode())
    for tensor in (x, label):
        if tensor is not None:
            digest.update(tensor.contiguous().numpy().data)
    return digest.hexdigest()[:32]
