"""Lists of whole numbers as one types them: "5", "3,7", "0-9"."""

import re

from ..errors import SpecError

__all__ = ["numbers_of"]

_MOST = 65_536


def numbers_of(text: str, where: str) -> tuple[int, ...]:
    """The numbers; a range counts both its ends in."""
    if not re.fullmatch(r"\d{1,19}(-\d{1,19})?(,\d{1,19}(-\d{1,19})?)*", text, re.ASCII):
        raise SpecError([f"{where}: expected whole numbers such as 5 or 3,7 or 0-9, got {text!r}"])
    ranges = [_range(part) for part in text.split(",")]
    if sum(last - first + 1 for first, last in ranges) > _MOST:
        raise SpecError([f"{where}: {text} are over {_MOST} numbers"])
    if any(last < first for first, last in ranges):
        raise SpecError([f"{where}: {text} counts down; write the smaller number first"])
    return tuple(number for first, last in ranges for number in range(first, last + 1))


def _range(part: str) -> tuple[int, int]:
    first, _, last = part.partition("-")
    return int(first), int(last or first)
