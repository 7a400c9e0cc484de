"""Checkpoints: folders of safetensors and JSON that are whole, or do not count."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from ..errors import DiffsmithError
from ..files import replacing, sweep_litter
from ..weights.tensors import map_tensors, save_tensors

__all__ = ["Checkpoint", "latest", "save"]

_KEPT = 2
_STATE = "state.json"


class Checkpoint(NamedTuple):
    """Groups of named tensors, mapped from their files, and plain facts (the step among them)."""

    path: Path
    tensors: dict[str, dict[str, Tensor]]
    facts: dict[str, Any]


def save(folder: Path, tensors: dict[str, dict[str, Tensor]], facts: dict[str, Any]) -> Path:
    """Write one checkpoint under `folder`, then drop all but the last two."""
    path = folder / f"step-{facts['step']:08d}"
    with replacing(path) as beside:
        beside.mkdir()
        files = [save_tensors(beside / f"{group}.safetensors", named) for group, named in tensors.items()]
        manifest = {file.name: _digest(file) for file in files}
        state = {**facts, "files": manifest}
        (beside / _STATE).write_text(json.dumps({**state, "seal": _seal(state)}, indent=1), encoding="utf-8")
    there = sorted(folder.glob("step-*"))
    now = there.index(path) + 1  # what comes after it is damaged: this run would have gone on from there
    for old in (*there[: max(0, now - _KEPT)], *there[now:]):
        shutil.rmtree(old)
    return path


def latest(folder: Path) -> Checkpoint | None:
    """The newest checkpoint whose every file is what was written; damaged ones are passed over."""
    sweep_litter(folder)
    whole = (_read(path) for path in sorted(folder.glob("step-*"), reverse=True))
    return next((checkpoint for checkpoint in whole if checkpoint), None)


def _read(path: Path) -> Checkpoint | None:
    try:
        facts = json.loads((path / _STATE).read_text(encoding="utf-8"))
        if facts.pop("seal") != _seal(facts):
            return None
        files = facts.pop("files")
        if any(_digest(path / name) != digest for name, digest in files.items()):
            return None
        tensors = {Path(name).stem: dict(map_tensors(path / name)) for name in files}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, DiffsmithError):
        return None
    return Checkpoint(path, tensors, facts)


def _digest(path: Path) -> str:
    with path.open("rb") as file:  # not at once: an optimizer's state is twice as large as its network
        return hashlib.file_digest(file, "sha256").hexdigest()


def _seal(state: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()
