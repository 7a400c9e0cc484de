"""The wire format of protocol buffers, as far as it takes to find things in a large file without reading it.

https://protobuf.dev/programming-guides/encoding
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np

__all__ = ["Bytes", "Field", "fields", "varints"]


class Bytes(Protocol):
    """A sequence of bytes, such as a mapped file."""

    def __getitem__(self, place: int, /) -> int:
        """The byte there."""
        ...


class Field(NamedTuple):
    """One field of a message: its `number`, and a varint's `value` or the bytes `start` to `stop`."""

    number: int
    value: int | None
    start: int
    stop: int


def fields(data: Bytes, start: int, stop: int, budget: Iterator[int]) -> Iterator[Field]:
    """The fields of the message from `start` to `stop`; each takes one from the budget.

    A ValueError tells where there is none: what stands there is no message, or the budget is used up.
    """
    while start < stop:
        if next(budget, None) is None:
            raise ValueError("it has more fields than weights need")
        tag, start = _varint(data, start, stop)
        value, begin, start = _content(data, tag & 7, start, stop)
        if start > stop:
            raise ValueError(f"it is cut short: a field ends at byte {start} of {stop}")
        yield Field(tag >> 3, value, begin, start)


def _content(data: Bytes, wire: int, start: int, stop: int) -> tuple[int | None, int, int]:
    """(value of a varint, where the content begins, where it ends)."""
    if wire == _VARINT:
        value, end = _varint(data, start, stop)
        return value, start, end
    if wire == _COUNTED:
        length, start = _varint(data, start, stop)
        return None, start, start + length
    if wire not in _FIXED:
        raise ValueError(f"byte {start} begins no field")
    return None, start, start + _FIXED[wire]


_VARINT, _COUNTED, _FIXED = 0, 2, {1: 8, 5: 4}


def _varint(data: Bytes, start: int, stop: int) -> tuple[int, int]:
    value = 0
    for place in range(start, min(stop, start + _LONGEST)):
        byte = data[place]
        value |= (byte & 0x7F) << 7 * (place - start)
        if byte < _MORE:
            return value, place + 1
    raise ValueError(f"it is cut short or damaged at byte {start}")


_LONGEST, _MORE = 10, 0x80


def varints(content: bytes) -> np.ndarray:
    """The int64 numbers of a packed field."""
    row = np.frombuffer(content, np.uint8)
    last = np.flatnonzero(row < _MORE)
    first = np.concatenate([[0], last[:-1] + 1]) if len(last) else last
    if (len(row) and (not len(last) or last[-1] != len(row) - 1)) or (last - first >= _LONGEST).any():
        raise ValueError("its numbers are cut short or damaged")
    values = np.zeros(len(last), np.uint64)
    for place in range(_LONGEST):
        there = np.flatnonzero(first + place <= last)
        values[there] |= (row[first[there] + place] & 0x7F).astype(np.uint64) << np.uint64(7 * place)
    return values.view(np.int64)
