"""The feature space of a data set: its classifier, trained once and kept in the user's cache."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from diffsmith.caches import cache_folder
from diffsmith.data import Data, Split
from diffsmith.errors import FileFault
from diffsmith.weights.tensors import load_tensors, save_tensors

from .classifier import Classifier, train, turned, untrained

__all__ = ["embedder"]

_RECIPE = "1"
"""Counts up whenever a change in classifier.py gives other features."""


def embedder(data: Data) -> Callable[[Tensor], Tensor]:
    """x [N, C, H, W] -> 32 features each, of a classifier of the training rows.

    Without labels (or with one for all) the classifier learns to tell rotations of the pictures apart:
    such features know shapes, and know less about which kinds of pictures there are.
    """
    network = _classifier(*_task(data.train))

    def embed(x: Tensor) -> Tensor:
        with torch.no_grad():
            return torch.cat([network.features(part.float().cpu()) for part in torch.split(x, 512)])

    return embed


def _task(rows: Split) -> tuple[Tensor, Tensor]:
    """What there is to learn: the labels, or the rotations."""
    x, label = rows.x.float().cpu(), rows.label
    return turned(x) if label is None or int(label.max()) == 0 else (x, label.cpu())


def _classifier(x: Tensor, label: Tensor) -> Classifier:
    """From the cache; made again if it is not there or damaged."""
    path = cache_folder("features") / f"{_key(x, label)}.safetensors"
    with suppress(FileFault, OSError, RuntimeError):
        return _load(path, untrained(x, label))
    network = train(x, label)
    with suppress(FileFault, OSError):  # a cache that cannot be written costs seconds, not the score
        save_tensors(path, network.state_dict())
    return network


def _load(path: Path, network: Classifier) -> Classifier:
    tensors, _ = load_tensors(path)
    network.load_state_dict(tensors)
    return network.eval().requires_grad_(False)


def _key(x: Tensor, label: Tensor) -> str:
    """One name for one recipe on one set of rows."""
    digest = hashlib.sha256(f"{_RECIPE} {tuple(x.shape)}".encode())
    for tensor in (x, label):
        digest.update(tensor.contiguous().numpy().data)
    return digest.hexdigest()[:32]
