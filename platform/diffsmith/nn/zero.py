"""Layers that start silent."""

from typing import TypeVar

from torch import nn

__all__ = ["zero"]

Layer = TypeVar("Layer", bound=nn.Module)


def zero(layer: Layer) -> Layer:
    """Start a layer at zero, so that its branch begins as the identity (Dhariwal & Nichol 2021)."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
