"""Networks without numbers, made without the work of filling them: what a file is mapped into."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

from ..together import together

__all__ = ["blank"]

_LAYERS: tuple[Any, ...] = (nn.Linear, _ConvNd, nn.GroupNorm, nn.LayerNorm, nn.Embedding)
"""Most of any network; others are filled on the meta device, which costs time and changes nothing."""


@contextmanager
def blank() -> Iterator[None]:
    """Inside, what this thread makes lies on the meta device: `with blank(): network = unet()`.

    Layers there leave out their initialisation, half of the time that they take to be made.
    """
    with _unfilled(), torch.device("meta"):
        yield


@together
@contextmanager
def _unfilled() -> Iterator[None]:
    own = {kind: kind.reset_parameters for kind in _LAYERS}
    try:
        for kind, reset in own.items():
            kind.reset_parameters = _where_there_are_numbers(reset)
        yield
    finally:
        for kind, reset in own.items():
            kind.reset_parameters = reset


def _where_there_are_numbers(reset: Callable[[Any], None]) -> Callable[[Any], None]:
    """Other threads may be making layers with numbers meanwhile."""

    @wraps(reset)
    def asked(layer: Any) -> None:
        if layer.weight is None or not layer.weight.is_meta:
            reset(layer)

    return asked
