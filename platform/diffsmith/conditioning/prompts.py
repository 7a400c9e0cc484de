"""Weights written into a prompt, in the notation of AUTOMATIC1111's web UI."""

import math
import re
from collections.abc import Callable
from typing import NamedTuple

from ..errors import SpecError

__all__ = ["Piece", "Sections", "literal", "notation", "sections", "weighted"]

Piece = tuple[str, float]
"""A stretch of text, and the weight of its words."""

Sections = Callable[[str], list[list[Piece]]]
"""A prompt -> its pieces, in parts that do not share a chunk."""

STRONGER = 1.1

_PARTNER = {")": "(", "]": "["}
_TOKEN = re.compile(
    r"""\\[\\()\[\]]                                          # an escaped character
    | :\s*(?P<weight>[+-]?(?:\d+\.?\d*|\.\d+))\s*\)           # the end of (words:1.2)
    | [()\[\]]
    | [^\\()\[\]:]+
    | .                                                       # a colon or backslash that means itself
    """,
    re.VERBOSE | re.DOTALL,
)
_BREAK = re.compile(r"\s*\bBREAK\b\s*")


def notation(weighting: bool) -> Sections:
    """How prompts are read: with weights, or as they stand."""
    return sections if weighting else literal


def sections(text: str) -> list[list[Piece]]:
    """The pieces of a prompt, parted where the word BREAK stands."""
    parts: list[list[Piece]] = [[]]
    for piece, weight in weighted(text):
        first, *others = _BREAK.split(piece)
        parts[-1].append((first, weight))
        parts += [[(other, weight)] for other in others]
    return parts


def literal(text: str) -> list[list[Piece]]:
    """The prompt as it stands: brackets, backslashes and BREAK mean themselves."""
    return [[(text, 1.0)]]


def weighted(text: str) -> list[Piece]:
    r"""A prompt in pieces, each with its weight; neighbours differ in weight.

    (words) weigh 1.1 times as much, [words] as much less, (words:1.3) 1.3 times; nested brackets multiply.
    \( \) \[ \] \\ are plain characters, and so is a bracket without a partner.
    """
    groups = [_Group("", [])]
    for token in _TOKEN.finditer(text):
        _take(token, groups)
    while len(groups) > 1:
        _dissolve(groups)
    pieces = _joined(groups[0].pieces)
    if not all(math.isfinite(weight) for _, weight in pieces):
        raise SpecError(["prompt: its nested weights multiply to a number beyond all bounds"])
    return pieces


class _Group(NamedTuple):
    bracket: str
    pieces: list[Piece]


def _take(token: re.Match[str], groups: list[_Group]) -> None:
    """One token: opens a group, closes one, or is text of the innermost."""
    text = token[0]
    partner = _PARTNER.get(text[-1]) if text[0] != "\\" else None
    if text in ("(", "["):
        groups.append(_Group(text, []))
    elif partner in [group.bracket for group in groups]:
        while groups[-1].bracket != partner:
            _dissolve(groups)
        _close(groups, _factor(token))
    else:
        groups[-1].pieces.append((text[1:] if text[0] == "\\" and len(text) > 1 else text, 1.0))


def _factor(token: re.Match[str]) -> float:
    if token["weight"]:
        return float(token["weight"])
    return STRONGER if token[0] == ")" else 1 / STRONGER


def _close(groups: list[_Group], factor: float) -> None:
    group = groups.pop()
    groups[-1].pieces.extend((text, weight * factor) for text, weight in group.pieces)


def _dissolve(groups: list[_Group]) -> None:
    """The innermost bracket has no partner: it is a character, and what followed it weighs as before."""
    group = groups.pop()
    groups[-1].pieces.extend([(group.bracket, 1.0), *group.pieces])


def _joined(pieces: list[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for text, weight in pieces:
        if joined and joined[-1][1] == weight:
            joined[-1] = (joined[-1][0] + text, weight)
        else:
            joined.append((text, weight))
    return joined
