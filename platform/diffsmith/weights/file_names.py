"""Which of a published folder's files matter, by their names alone: weights, settings, vocabularies."""

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from ..errors import FileFault, nearest

__all__ = [
    "TOKENIZER_FILES",
    "VOCABULARIES",
    "Weights",
    "needed",
    "require_variant",
    "weights_among",
    "weights_for",
]

VOCABULARIES = {"vocab.json", "vocab.txt", "tokenizer.json", "spiece.model"}
TOKENIZER_FILES = VOCABULARIES | {
    *("merges.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
}
_SMALL = TOKENIZER_FILES | {"model_index.json", "config.json", "scheduler_config.json"}
_WEIGHTS = re.compile(
    r"(?P<stem>diffusion_pytorch_model|model|pytorch_model)(?:\.(?P<early>\w+))?(?P<shard>-\d+-of-\d+)?"
    r"(?:\.(?P<late>\w+))?\.(?P<kind>safetensors|bin)(?P<index>\.index(?:\.(?P<last>\w+))?\.json)?"
)


class Weights(NamedTuple):
    """The files that hold a part's tensors. first: the one to open, an index where there are many."""

    variant: str
    kind: str
    first: str
    files: tuple[str, ...]


def weights_among(names: Iterable[str]) -> list[Weights]:
    """Every complete set of weights among a folder's file names: safetensors before pickles."""
    sets: dict[tuple[str, str], dict[str, re.Match[str]]] = {}
    for match in filter(None, map(_WEIGHTS.fullmatch, sorted(names))):
        variant = match["early"] or match["late"] or match["last"] or ""
        sets.setdefault((match["kind"], variant), {})[match[0]] = match
    found = [_set(variant, kind, files) for (kind, variant), files in sets.items()]
    return sorted(filter(None, found), key=lambda each: each.kind != "safetensors")


def _set(variant: str, kind: str, files: dict[str, re.Match[str]]) -> Weights | None:
    """One file, or an index and its shards; None for shards that lack their index."""
    whole = [name for name, match in files.items() if not match["shard"] and not match["index"]]
    if whole:
        return Weights(variant, kind, whole[0], (whole[0],))
    index = [name for name, match in files.items() if match["index"]]
    return Weights(variant, kind, index[0], tuple(files)) if index else None


def weights_for(where: object, names: Collection[str], variant: str | None) -> Weights | None:
    """The variant that is asked for, or else the plain one; None where there are no weights at all.

    A FileFault names the variants where there are only others.
    """
    by_variant: dict[str, Weights] = {}
    for each in weights_among(names):
        by_variant.setdefault(each.variant, each)
    if by_variant and not {variant or "", ""} & set(by_variant):
        raise FileFault(str(where), f"holds its weights only as variants: {_told(by_variant)}")
    return by_variant.get(variant or "") or by_variant.get("")


def require_variant(where: object, variant: str | None, names: Iterable[Iterable[str]]) -> None:
    """Refuse a variant that none of the parts has, whose files' names these are."""
    known = {each.variant for part in names for each in weights_among(part)}
    if variant and variant not in known:
        guess = nearest(variant, list(known))
        hint = f", did you mean {guess!r}?" if guess else ";"
        raise FileFault(str(where), f"has no variant {variant!r}{hint} there is {_told(known)}")


def _told(variants: Iterable[str]) -> str:
    named = sorted(filter(None, variants))
    advice = f"ask for one with variant: {named[0]}" if named else "leave variant out"
    return f"{', '.join(sorted(each or 'the plain one' for each in variants)) or 'none'}; {advice}"


def needed(
    where: str, file: str, names: Sequence[str], parts: Collection[str], variant: str | None
) -> list[str]:
    """The names of a repository's files that a pipeline needs: each part's settings and one set of weights.

    With a file in it named, that one, and the settings beside it.
    """
    if file:
        if file not in names:
            raise FileFault(where, f"has no file {file!r}; it holds {_some(names)}")
        beside = str(PurePosixPath(file).with_name("config.json"))
        return [file, *({beside} & set(names))]
    if not {"model_index.json", "config.json"} & set(names):
        raise FileFault(where, no_pipeline(names, f"{where}/"))
    inside = {part: [name for name in names if _folder_of(name) == part] for part in ("", *parts)}
    if "config.json" not in names:
        inside[""] = [name for name in inside[""] if name in _SMALL]
    bare = {part: [PurePosixPath(name).name for name in held] for part, held in inside.items()}
    require_variant(where, variant, bare.values())
    chosen: list[str] = []
    for part, held in bare.items():
        weights = weights_for(f"{where}/{part}".rstrip("/"), held, variant)
        kept = _SMALL | set(weights.files if weights else ())
        chosen += [f"{part}/{name}".lstrip("/") for name in held if name in kept]
    return chosen


def no_pipeline(names: Iterable[str], before: str = "") -> str:
    """What to say of files among which there is no model_index.json."""
    single = sorted(
        name for name in names if PurePosixPath(name).suffix in {".safetensors", ".ckpt", ".pt", ".pth"}
    )
    advice = (
        f"; name one of its files: {before}{f', {before}'.join(single[:5])}"
        if single
        else f": {_some(names)}"
    )
    return f"is no published pipeline: it holds no model_index.json and no config.json{advice}"


def _folder_of(name: str) -> str:
    return str(PurePosixPath(name).parent).removeprefix(".")


def _some(names: Iterable[str]) -> str:
    found = sorted(names)
    return ", ".join(found[:10]) + (f", … ({len(found)} files)" if len(found) > 10 else "") or "nothing"
