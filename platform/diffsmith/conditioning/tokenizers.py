"""Tokenizers: from a part's folder, or, where a checkpoint has none, the ones everybody uses."""

from pathlib import Path
from typing import Any

from ..errors import FileFault
from ..quiet import quietly
from ..weights.components import Component
from ..weights.hub import Address, snapshot
from .chunks import Tokens

__all__ = ["clip_tokenizer", "t5_tokenizer", "tokens_of"]

CLIP = Address("openai/clip-vit-large-patch14", revision="32bd64288804d66eefd0ccbe215aa642df71cc41")
T5 = Address("google/t5-v1_1-xxl", revision="3db67ab1af984cf10548a73467f0e5bca2aaaeb2")

_Files = tuple[tuple[str, ...], ...]

_CLIP_FILES: _Files = (("tokenizer.json",), ("vocab.json", "merges.txt"))  # either is a whole tokenizer
_T5_FILES: _Files = (("tokenizer.json",), ("spiece.model",))
_SETTINGS = ("tokenizer_config.json", "special_tokens_map.json")


def clip_tokenizer(name: str, part: Component | None, pad: str | None = None) -> Any:
    """transformers' CLIPTokenizer of the part `name`.

    pad: what fills up, if the part has no files of its own. A FileFault says how to get them.
    """
    with quietly():
        from transformers import CLIPTokenizer

    settings = {"pad_token": pad} if pad and _own(part) is None else {}
    return _read(CLIPTokenizer, _folder(name, part, CLIP, _CLIP_FILES), settings)


def t5_tokenizer(name: str, part: Component | None) -> Any:
    """transformers' T5Tokenizer of the part `name`."""
    with quietly():
        from transformers import T5Tokenizer

    return _read(T5Tokenizer, _folder(name, part, T5, _T5_FILES), {})


def tokens_of(tokenizer: Any) -> Tokens:
    """Text -> its token numbers, however many; without begin and end."""
    return lambda text: tokenizer(text, add_special_tokens=False, verbose=False).input_ids


def _own(part: Component | None) -> Path | None:
    return None if part is None else part.folder


def _folder(name: str, part: Component | None, usual: Address, wanted: _Files) -> Path:
    """The folder that holds a whole tokenizer."""
    folder = _own(part) or _usual(name, usual, wanted)
    if not any(all((folder / file).is_file() for file in files) for files in wanted):
        told = " or ".join(" and ".join(files) for files in wanted)
        raise FileFault(folder, f"holds no {name}, expected {told}; copy them from {usual.repository}")
    return folder


def _usual(name: str, usual: Address, wanted: _Files) -> Path:
    """What the Hub's cache holds, or the Hub gives. Small: no weights are fetched."""
    files = {*_SETTINGS, *(file for each in wanted for file in each)}
    try:
        return snapshot(usual, lambda names: [each for each in names if each in files]).folder
    except FileFault as error:
        ways = f"or use weights in a folder as diffusers writes it, with {name}/ inside"
        raise FileFault(f"{name}, which these weights lack", f"{error}; {ways}") from None


def _read(kind: Any, folder: Path, settings: dict[str, Any]) -> Any:
    try:
        return kind.from_pretrained(folder, local_files_only=True, **settings)
    except Exception as error:  # noqa: BLE001 — the library raises what its parsers raise
        what = " ".join(str(error).split())
        raise FileFault(folder, f"its files make no {kind.__name__}: {what}") from None
