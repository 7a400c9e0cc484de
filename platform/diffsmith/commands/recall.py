"""What a saved sample was made of: the facts inside the file."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import FileFault
from ..files import require_file
from ..registry import Registry

__all__ = ["Recalled", "recalled"]


class Recalled(NamedTuple):
    """The spec and the request of one sample, as they were written: still to be checked."""

    spec: dict[str, Any]
    seed: int
    label: int | None


def recalled(path: Path, registry: Registry) -> Recalled:
    """What the sample in that file was made of; a FileFault says so where the file does not tell."""
    told = _facts(require_file(path, "sample"), registry).get("diffsmith")
    if told is None:
        raise FileFault(path, "holds no diffsmith spec: only files that `diffsmith generate` wrote do")
    try:
        made = json.loads(told)
        label = None if made["label"] is None else int(made["label"])
        return Recalled(dict(made["spec"]), int(made["seed"]), label)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise FileFault(path, "the diffsmith spec inside is damaged") from None


def _facts(path: Path, registry: Registry) -> dict[str, str]:
    """As the file's own format keeps them: safetensors here, others by the modality that writes them."""
    suffix = path.suffix.lower()
    if suffix == ".safetensors":
        from ..weights.tensors import load_tensors

        return load_tensors(path)[1]
    modalities = [registry.get("modalities", name) for name in registry.names("modalities")]
    writers = (modality for modality in modalities if suffix in modality.suffixes)
    return next((modality.facts(path) for modality in writers), {})
