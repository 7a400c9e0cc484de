"""A frame on disk, so that a walk that was stopped goes on in another process."""

import json
from pathlib import Path
from typing import Any

from torch import Tensor

from ..diffusion.levels import Level
from ..diffusion.steps import Past
from ..diffusion.trajectory import Frame
from ..errors import FileFault
from ..weights.tensors import load_tensors, save_tensors

__all__ = ["load_frame", "save_frame"]


def save_frame(frame: Frame, path: str | Path) -> Path:
    """Write a frame, with what its solver remembers, as one `.safetensors` file."""
    tensors = {"x": frame.x, "x0": frame.x0}
    for number, past in enumerate(frame.past):
        told = {name: getattr(past, name) for name in _TENSORS}
        tensors |= {f"past.{number}.{name}": each for name, each in told.items() if each is not None}
    facts = {
        "index": frame.index,
        "drawn": frame.drawn,
        "level": frame.level,
        "past": [(past.level, past.down) for past in frame.past],
    }
    return save_tensors(Path(path), tensors, {"frame": json.dumps(facts)})


def load_frame(path: str | Path) -> Frame:
    """A frame that `save_frame` wrote; a FileFault says so where the file holds none."""
    tensors, metadata = load_tensors(Path(path))
    try:
        facts = json.loads(metadata["frame"])
        past = tuple(_past(number, levels, tensors) for number, levels in enumerate(facts["past"]))
        level = Level(*facts["level"])
        return Frame(int(facts["index"]), level, tensors["x"], tensors["x0"], past, int(facts["drawn"]))
    except (KeyError, ValueError, TypeError):
        raise FileFault(path, "holds no frame: only files that `save_frame` wrote do") from None


_TENSORS = ("x", "x0", "added")


def _past(number: int, levels: Any, tensors: dict[str, Tensor]) -> Past:
    level, down = levels
    x, x0, added = (tensors.get(f"past.{number}.{name}") for name in _TENSORS)
    if x is None or x0 is None:
        raise KeyError(number)
    return Past(Level(*level), x, x0, Level(*down), added)
