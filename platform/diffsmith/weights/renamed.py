"""Tensors under other names, and a little changed: each read when it is asked for."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from .mapped import Tensors

__all__ = ["Piece", "renamed"]


class Piece(NamedTuple):
    """Where a tensor comes from, and what is done to it: a view of it, so that nothing is copied."""

    name: str
    change: Callable[[Tensor], Tensor] | None = None


def renamed(tensors: Tensors, pieces: Mapping[str, Piece]) -> Tensors:
    """New name -> the tensor of its piece."""

    def read(name: str) -> Tensor:
        piece = pieces[name]
        return piece.change(tensors[piece.name]) if piece.change else tensors[piece.name]

    def shape(piece: Piece) -> tuple[int, ...]:
        told = tensors.shapes[piece.name]
        return tuple(piece.change(torch.empty(told, device="meta")).shape) if piece.change else tuple(told)

    shapes = {name: shape(piece) for name, piece in pieces.items()}
    return Tensors(shapes, {name: tensors.dtypes[piece.name] for name, piece in pieces.items()}, read)
