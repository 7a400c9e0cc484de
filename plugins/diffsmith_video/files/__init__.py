"""Clips as files, with the facts inside them: one writer and one reader of facts for each kind."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from .containers import container_facts, write_container
from .gifs import gif_facts, write_gif
from .stills import frames_facts, is_numbered, strip_facts, write_frames, write_strip

__all__ = ["RATE", "read_facts", "write_clip"]

RATE = 8.0
"""Frames a second where nobody says how many."""


class _Kind(NamedTuple):
    """write: (uint8 [F, H, W, 1 or 3], path, facts, frames a second); facts: what it wrote inside."""

    write: Callable[[Tensor, Path, dict[str, str], float], None]
    facts: Callable[[Path], dict[str, str]]


_MOVING = {
    ".mp4": _Kind(write_container, container_facts),
    ".webm": _Kind(write_container, container_facts),
    ".gif": _Kind(write_gif, gif_facts),
}
_STRIP, _FRAMES = _Kind(write_strip, strip_facts), _Kind(write_frames, frames_facts)


def write_clip(data: Tensor, path: Path, facts: dict[str, str], rate: float) -> None:
    """Write it whole, as the path's ending says; `frame_%04d.png` is a picture for each frame."""
    _kind(path).write(data, path, facts, rate)


def read_facts(path: Path) -> dict[str, str]:
    """The facts that a clip was written with; none if it holds none."""
    return _kind(path).facts(path)


def _kind(path: Path) -> _Kind:
    if path.suffix.lower() in _MOVING:
        return _MOVING[path.suffix.lower()]
    return _FRAMES if is_numbered(path) else _STRIP
