"""What a saved sample was made of: the facts inside the file."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import FileFault
from ..files import require_file

__all__ = ["Recalled", "recalled"]


class Recalled(NamedTuple):
    """The spec and the request of one sample, as they were written; nothing in it is checked yet."""

    spec: dict[str, Any]
    seed: Any
    label: Any


def recalled(path: Path) -> Recalled:
    """What the sample in that file was made of; a FileFault says so where the file does not tell."""
    facts = _facts(require_file(path, "sample"))
    if facts is None:
        raise FileFault(path, "holds no diffsmith spec: only files that `diffsmith generate` wrote do")
    try:
        made = json.loads(facts)
        return Recalled(dict(made["spec"]), made["seed"], made["label"])
    except (ValueError, KeyError, TypeError):
        raise FileFault(path, "the diffsmith spec inside is damaged") from None


def _facts(path: Path) -> str | None:
    if path.suffix.lower() == ".safetensors":
        from ..weights.tensors import load_tensors

        return load_tensors(path)[1].get("diffsmith")
    return _of_picture(path)


def _of_picture(path: Path) -> str | None:
    from PIL import Image

    try:
        with Image.open(path) as image:
            described = image.getexif().get(0x010E, "{}")  # ImageDescription, where there are no text chunks
            told = image.info.get("diffsmith") or json.loads(described).get("diffsmith")
    except (OSError, SyntaxError, ValueError, AttributeError, Image.DecompressionBombError):
        return None
    return told if isinstance(told, str) else None
