"""What a saved sample was made of: the facts inside the file."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import FileFault
from ..files import require_file
from ..registry import Registry
from ..specs import FILES

__all__ = ["Recalled", "is_there", "recalled", "require_there"]


class Recalled(NamedTuple):
    """The spec and the request of one sample, as they were written: still to be checked."""

    spec: dict[str, Any]
    request: dict[str, Any]


def recalled(path: Path, registry: Registry) -> Recalled:
    """What the sample in that file was made of; a FileFault says so where the file does not tell."""
    told = _facts(require_file(path, "sample"), registry).get("diffsmith")
    if told is None:
        raise FileFault(path, "holds no diffsmith spec: only files that `diffsmith generate` wrote do")
    try:
        made = dict(json.loads(told))
        asked = {name: made[name] for name in _ASKED if made.get(name) is not None}
        one = {many: (asked.pop(name),) for many, name in _EACH.items() if name in asked}
        return Recalled(dict(made["spec"]), {**asked, **one, "seeds": (int(made["seed"]),)})
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise FileFault(path, "the diffsmith spec inside is damaged") from None


_EACH = {"labels": "label", "prompts": "prompt", "negatives": "negative"}
_OF_CLIPS = ("frames", "fps", "video", "between", "extend", "keep", "fit")
_ASKED = (*_EACH.values(), "size", "image", "mask", "strength", *_OF_CLIPS)


def require_there(spec: Mapping[str, Any], request: Mapping[str, Any]) -> None:
    """Refuse to make a sample again from weights or pictures that are where they were no more."""
    for key, path in [*_weights(spec), *((name, request.get(name)) for name in FILES)]:
        if path is not None and Path(path).is_absolute() and not is_there(Path(path)):
            option = f"--{key}" if key in request else f"--set {key}="
            raise FileFault(
                path, f"the sample was made of it, and it is not there: {option}... says where it is now"
            )


def is_there(path: Path) -> bool:
    """Whether there is such a file or folder; frame_%04d.png, which stands for many, is looked for later."""
    return path.exists() or "%" in path.name


def _weights(spec: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    """Dotted names and paths of all weights in a spec."""
    for name, value in spec.items():
        if isinstance(value, Mapping):
            yield from _weights(value, f"{within}{name}.")
        elif name == "weights" and isinstance(value, str):
            yield f"{within}{name}", value


def _facts(path: Path, registry: Registry) -> dict[str, str]:
    """As the file's own format keeps them: safetensors here, others by the modality that writes them."""
    suffix = path.suffix.lower()
    if suffix == ".safetensors":
        from ..weights.tensors import load_tensors

        return load_tensors(path)[1]
    modalities = [registry.get("modalities", name) for name in registry.names("modalities")]
    writers = (modality for modality in modalities if suffix in modality.suffixes)
    return next((modality.facts(path) for modality in writers), {})
