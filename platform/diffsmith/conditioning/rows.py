"""What is read: one text and how, and the same text never twice."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from torch import Tensor

__all__ = ["Read", "Row", "once"]


class Row(NamedTuple):
    """One text, and how many of the encoder's last layers to leave out."""

    text: str
    skip: int = 0


Read = Callable[[Sequence[Row]], dict[str, Tensor]]
"""N rows -> conditions by name, each [N, ...]."""


def once(read: Read) -> Read:
    """The same, with equal rows read once: many seeds of one prompt cost as much as one."""

    def reading(rows: Sequence[Row]) -> dict[str, Tensor]:
        distinct = list(dict.fromkeys(rows))
        places = [distinct.index(row) for row in rows]
        return {name: value[places] for name, value in read(distinct).items()}

    return reading
