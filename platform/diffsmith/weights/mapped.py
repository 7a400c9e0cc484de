"""Tensors that lie in a file: their formats and shapes at once, their numbers when they are asked for."""

import mmap
import os
import weakref
from collections.abc import Callable, Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import FileFault
from .kinds import size_of

__all__ = ["Place", "Tensors", "in_file"]


class Place(NamedTuple):
    """Where a tensor's numbers lie: little-endian, packed, from byte `start` up to `stop`."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int
    stop: int


class Tensors(Mapping[str, Tensor]):
    """Tensors by name, read when they are asked for; `shapes`, `dtypes` and `metadata` read nothing.

    Those that are mapped from a file may be written to, and the file stays as it is; asked for twice, they
    share their numbers, so two networks that go different ways need two openings or a copy. The file must
    not be written to as long as they live: what is cut off under a mapping kills the process. Whoever writes
    weights files replaces them whole (`files.replacing`), which a mapping of the old one outlives.
    """

    def __init__(
        self,
        shapes: Mapping[str, tuple[int, ...]],
        dtypes: Mapping[str, torch.dtype],
        read: Callable[[str], Tensor],
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.shapes = {name: torch.Size(shape) for name, shape in shapes.items()}
        self.dtypes = dict(dtypes)
        self.metadata = dict(metadata or {})
        self._read = read

    def __getitem__(self, name: str) -> Tensor:
        if name not in self.shapes:
            raise KeyError(name)
        return self._read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.shapes)

    def __len__(self) -> int:
        return len(self.shapes)

    def __contains__(self, name: object) -> bool:
        return name in self.shapes

    def renamed(self, names: Mapping[str, str]) -> "Tensors":
        """Some of them under other names: `names` tells each new name's old one."""
        return Tensors(
            {new: self.shapes[old] for new, old in names.items()},
            {new: self.dtypes[old] for new, old in names.items()},
            lambda new: self._read(names[new]),
            self.metadata,
        )


def in_file(
    path: Path, file: BufferedReader, places: Mapping[str, Place], metadata: Mapping[str, str] | None = None
) -> Tensors:
    """The tensors at these places of an open file, mapped, not copied; the file may be closed afterwards."""
    return Tensors(
        {name: place.shape for name, place in places.items()},
        {name: place.dtype for name, place in places.items()},
        _Windows(path, file, places),
        metadata,
    )


class _Windows:
    """Maps a file piece by piece, so that tensors which are no longer used take their memory with them."""

    def __init__(self, path: Path, file: BufferedReader, places: Mapping[str, Place]) -> None:
        self._path, self._places = path, places
        self._descriptor = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._descriptor)
        self._spans, self._span_of = _spans(places, max(_SMALLEST_WINDOW, size_of(file) // _MOST_WINDOWS))
        self._open: weakref.WeakValueDictionary[int, mmap.mmap] = weakref.WeakValueDictionary()

    def __call__(self, name: str) -> Tensor:
        dtype, shape, start, stop = self._places[name]
        if start == stop:
            return torch.empty(shape, dtype=dtype)
        if stop - start <= _SMALL:
            return torch.frombuffer(self._copy(start, stop), dtype=dtype).view(shape)
        number = self._span_of[name]
        window, offset = self._window(number), start - self._spans[number][0]
        numbers = torch.frombuffer(window, dtype=torch.uint8, count=stop - start, offset=offset)
        aligned = numbers if start % dtype.itemsize == 0 else numbers.clone()
        return aligned.view(dtype).view(shape)

    def _copy(self, start: int, stop: int) -> bytearray:
        numbers = bytearray(os.pread(self._descriptor, stop - start, start))
        if len(numbers) < stop - start:
            raise FileFault(self._path, "was cut short while it was read")
        return numbers

    def _window(self, number: int) -> mmap.mmap:
        window = self._open.get(number)
        if window is None:
            start, stop = self._spans[number]
            try:  # a private copy: what is written to a tensor does not reach the file
                window = mmap.mmap(self._descriptor, stop - start, access=mmap.ACCESS_COPY, offset=start)
            except (OSError, ValueError) as error:
                raise FileFault(self._path, f"can no longer be mapped: {error}") from None
            self._open[number] = window
        return window


# A norm or a bias is copied: it would keep its whole window in memory when the weights around it are gone.
# And read, not looked up in the mapping, where the first look at a page costs more than all the rest.
_SMALL = 64 * 2**10
# Each window holds a file descriptor, of which a process may have as few as 256.
_SMALLEST_WINDOW, _MOST_WINDOWS = 8 * 2**20, 8


def _spans(places: Mapping[str, Place], size: int) -> tuple[list[tuple[int, int]], dict[str, int]]:
    """Pieces of at most that size, or of one tensor, from a page's start; and which one holds each name."""
    spans: list[tuple[int, int]] = []
    span_of: dict[str, int] = {}
    for name, place in sorted(places.items(), key=lambda item: item[1].start):
        if not spans or place.stop - spans[-1][0] > size:
            spans.append((place.start - place.start % mmap.ALLOCATIONGRANULARITY, place.stop))
        spans[-1] = (spans[-1][0], max(spans[-1][1], place.stop))
        span_of[name] = len(spans) - 1
    return spans, span_of
