"""safetensors files: read with every way they can be damaged told in one sentence, written whole."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_tensors
from safetensors.torch import save as packed
from torch import Tensor

from ..errors import FileFault
from ..files import replacing, require_file

__all__ = ["load_tensors", "save_tensors"]

_LARGEST_HEADER = 16 * 2**20


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """(tensors by name, metadata). The tensors are copies: the file may change afterwards."""
    content = require_file(path, "weights file").read_bytes()
    header = _header(path, content)
    try:
        tensors = parse_tensors(content)
    except SafetensorError as error:
        raise FileFault(path, f"is damaged: {error}") from None
    except Exception as error:  # noqa: BLE001 — what the format allows and torch does not
        what = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise FileFault(path, f"holds what torch has no tensor for ({what})") from None
    return tensors, header.get("__metadata__") or {}


def save_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> Path:
    """Write tensors by name, and text beside them, as one file; each has its own bytes, shared or not."""
    own = {
        name: tensor.detach().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()
    }
    with replacing(path) as beside:
        beside.write_bytes(packed(own, metadata))
    return path


def _header(path: Path, content: bytes) -> dict[str, dict[str, str]]:
    """The JSON header, once it is known to be one."""
    size = int.from_bytes(content[:8], "little")
    if len(content) < 8 or not 2 <= size <= min(_LARGEST_HEADER, len(content) - 8):
        raise FileFault(path, f"is no safetensors file: {_what_it_is(content)}")
    try:
        header = json.loads(content[8 : 8 + size], object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise FileFault(path, f"is damaged: its header cannot be read ({error})") from None
    if not isinstance(header, dict):
        raise FileFault(path, "is damaged: its header is no table of tensors")
    return header


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a name stands twice")
    return dict(pairs)


_BEGINNINGS = {
    b"": "it is empty",
    b"<!": "it is a web page",
    b"<h": "it is a web page",
    b"version https://git-lfs": "it is a git-lfs pointer; fetch the real file",
    b"PK": "it is a zip archive or a torch pickle; convert it to safetensors",
    b"\x80": "it is a pickle; convert it to safetensors",
}


def _what_it_is(content: bytes) -> str:
    for beginning, what in _BEGINNINGS.items():
        if content == beginning or (beginning and content.startswith(beginning)):
            return what
    return "it is cut short or something else"
