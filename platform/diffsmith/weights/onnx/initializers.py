"""Where an ONNX model keeps the numbers of its initializers; its graph is not read.

Fields are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

import mmap
from collections.abc import Iterator
from math import prod
from typing import NamedTuple

import torch

from ..packed import MOST_TENSORS, check_tensor
from .protobuf import Field, fields, varints

__all__ = ["Initializer", "initializers"]

_DTYPES = {
    1: torch.float32,
    2: torch.uint8,
    3: torch.int8,
    4: torch.uint16,
    5: torch.int16,
    6: torch.int32,
    7: torch.int64,
    9: torch.bool,
    10: torch.float16,
    11: torch.float64,
    12: torch.uint32,
    13: torch.uint64,
    14: torch.complex64,
    16: torch.bfloat16,
    17: torch.float8_e4m3fn,
    18: torch.float8_e4m3fnuz,
    19: torch.float8_e5m2,
    20: torch.float8_e5m2fnuz,
}
_GRAPH, _INITIALIZER, _SPARSE_INITIALIZER = 7, 5, 15
_DIMS, _DTYPE, _NAME, _RAW, _EXTERNAL = 1, 2, 8, 9, 13
# Numbers that are not raw stand in the field of their kind: as raw ones would, or each as a varint.
_PLAIN = {torch.float32: 4, torch.complex64: 4, torch.float64: 10}
_VARINTS = dict.fromkeys(_DTYPES.values(), 5) | {torch.int64: 7, torch.uint32: 11, torch.uint64: 11}
_MOST_FIELDS = 1_000_000


class Initializer(NamedTuple):
    """A tensor and its bytes, in the model or in the file it names; or its numbers, each a varint."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int
    stop: int
    beside: str = ""
    in_varints: bool = False


def initializers(data: mmap.mmap) -> dict[str, Initializer]:
    """What a mapped model holds, by name; a ValueError tells what is damaged or not read here."""
    budget = iter(range(_MOST_FIELDS))
    found: dict[str, Initializer] = {}
    for message in _messages(data, budget):
        name, initializer = _initializer(data, message, budget)
        if name in found or len(found) == MOST_TENSORS:
            raise ValueError(f"{name} stands twice, or there are more than {MOST_TENSORS} tensors")
        found[name] = initializer
    if not found:
        raise ValueError("it has no initializers, so it holds no weights")
    return found


def _messages(data: mmap.mmap, budget: Iterator[int]) -> Iterator[Field]:
    for graph in fields(data, 0, len(data), budget):
        for each in fields(data, graph.start, graph.stop, budget) if graph.number == _GRAPH else ():
            if each.number == _SPARSE_INITIALIZER:
                raise ValueError("it has sparse initializers, which are not read here")
            if each.number == _INITIALIZER:
                yield each


def _initializer(data: mmap.mmap, message: Field, budget: Iterator[int]) -> tuple[str, Initializer]:
    told: dict[int, list[Field]] = {}
    for each in fields(data, message.start, message.stop, budget):
        told.setdefault(each.number, []).append(each)
    name = b"".join(_short(data, each) for each in told.get(_NAME, [])[:1]).decode()
    shape = tuple(count for each in told.get(_DIMS, []) for count in _counts(data, each))
    kind = next((each.value for each in told.get(_DTYPE, [])), None)
    if kind not in _DTYPES or min(shape, default=0) < 0:
        raise ValueError(f"{name[:80]!a} is of data type {kind}, which is not read here, or of no shape")
    check_tensor(name, _DTYPES[kind], shape)
    initializer = _placed(data, _DTYPES[kind], shape, told, budget)
    size = prod(shape) * initializer.dtype.itemsize
    if not initializer.in_varints and initializer.stop - initializer.start != size:
        raise ValueError(f"{name} has {initializer.stop - initializer.start} bytes, its shape needs {size}")
    return name, initializer


def _placed(
    data: mmap.mmap,
    dtype: torch.dtype,
    shape: tuple[int, ...],
    told: dict[int, list[Field]],
    budget: Iterator[int],
) -> Initializer:
    if _EXTERNAL in told:
        entries = dict(_entry(data, each, budget) for each in told[_EXTERNAL])
        start, size = int(entries.get("offset", 0)), prod(shape) * dtype.itemsize
        if start < 0 or not entries.get("location"):
            raise ValueError("the place of a tensor in another file is not told")
        stop = start + int(entries.get("length", size))
        return Initializer(dtype, shape, start, stop, entries["location"])
    as_they_are = told.get(_RAW) or told.get(_PLAIN.get(dtype, _RAW))
    numbers = as_they_are or told.get(_VARINTS[dtype]) or [Field(_RAW, None, 0, 0)]
    if len(numbers) > 1:
        raise ValueError("its numbers stand in pieces, which is not read here; write them as raw data")
    return Initializer(dtype, shape, numbers[0].start, numbers[0].stop, in_varints=not as_they_are)


def _counts(data: mmap.mmap, field: Field) -> list[int]:
    """Numbers of a repeated field: one that stands alone, or a row of them."""
    return [field.value] if field.value is not None else varints(_short(data, field)).tolist()


def _entry(data: mmap.mmap, message: Field, budget: Iterator[int]) -> tuple[str, str]:
    told = {each.number: each for each in fields(data, message.start, message.stop, budget)}
    key, value = (_short(data, told[number]).decode() if number in told else "" for number in (1, 2))
    return key, value


def _short(data: mmap.mmap, field: Field) -> bytes:
    if field.stop - field.start > _LONGEST_TEXT:
        raise ValueError(f"a name or a shape has {field.stop - field.start} bytes")
    return data[field.start : field.stop]


_LONGEST_TEXT = 4096
