"""The initializers of an ONNX model as named tensors, mapped from where they lie."""

import mmap
from collections.abc import Mapping
from contextlib import closing
from io import BufferedReader
from math import prod
from pathlib import Path

import torch
from torch import Tensor

from ...errors import FileFault
from ..kinds import opened, size_of
from ..mapped import Place, Tensors, in_file
from .beside import file_beside
from .initializers import Initializer, initializers
from .protobuf import varints

__all__ = ["open_onnx"]


def open_onnx(path: Path, file: BufferedReader) -> Tensors:
    """The initializers of an open model, and those that lie in files beside it."""
    try:
        with closing(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) as data:
            found = initializers(data)
    except ValueError as error:
        raise FileFault(path, f"is no ONNX model, or a damaged one: {error}") from None
    parts = {"": _part(path, file, found, "")}
    for beside in sorted({each.beside for each in found.values()} - {""}):
        there = file_beside(path, beside)
        with opened(there) as other:
            parts[beside] = _part(there, other, found, beside)
    return Tensors(
        {name: each.shape for name, each in found.items()},
        {name: each.dtype for name, each in found.items()},
        lambda name: _numbers(path, name, found[name], parts[found[name].beside][name]),
    )


def _part(path: Path, file: BufferedReader, found: Mapping[str, Initializer], beside: str) -> Tensors:
    """What lies in one file; varints as the bytes they are."""
    there = {name: each for name, each in found.items() if each.beside == beside}
    short = [name for name, each in there.items() if each.stop > size_of(file)]
    if short:
        raise FileFault(path, f"is cut short: it ends at byte {size_of(file)}, before {short[0]} does")
    return in_file(path, file, {name: _place(each) for name, each in there.items()})


def _place(each: Initializer) -> Place:
    if each.in_varints:
        return Place(torch.uint8, (each.stop - each.start,), each.start, each.stop)
    return Place(each.dtype, each.shape, each.start, each.stop)


def _numbers(path: Path, name: str, each: Initializer, content: Tensor) -> Tensor:
    if not each.in_varints:
        return content
    try:
        numbers = torch.from_numpy(varints(content.numpy().tobytes()))
    except ValueError as error:
        raise FileFault(path, f"is damaged at {name}: {error}") from None
    if len(numbers) != prod(each.shape):
        raise FileFault(
            path, f"is damaged: {name} has {len(numbers)} numbers, its shape needs {prod(each.shape)}"
        )
    return _as(numbers, each.dtype).reshape(each.shape)


def _as(numbers: Tensor, dtype: torch.dtype) -> Tensor:
    """Numbers that stand for themselves, or, where they are small floating-point ones, for their bits."""
    if dtype.is_floating_point:
        return numbers.to({1: torch.uint8, 2: torch.int16}[dtype.itemsize]).view(dtype)
    return numbers.to(dtype)
