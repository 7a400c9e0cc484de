"""A model in several files, and the index that tells which tensor lies in which."""

import json
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path

from ..errors import FileFault
from .kinds import LARGEST_HEADER, size_of
from .mapped import Tensors
from .packed import MOST_TENSORS, once

__all__ = ["open_shards"]


def open_shards(path: Path, file: BufferedReader, open_one: Callable[[Path], Tensors]) -> Tensors:
    """All tensors of an index (`model.safetensors.index.json` and the like); its files lie beside it."""
    shard_of = _weight_map(path, file)
    missing = sorted({shard for shard in shard_of.values() if not (path.parent / shard).exists()})
    if missing:
        raise FileFault(path, f"tells of {_listed(missing)}, missing beside it: fetch or copy the rest")
    shards = {shard: open_one(path.parent / shard) for shard in sorted(set(shard_of.values()))}
    lacking = [f"{name} in {shard}" for name, shard in shard_of.items() if name not in shards[shard]]
    if lacking:
        raise FileFault(path, f"does not fit its files, which lack {len(lacking)}: {_listed(lacking)}")
    for shard, tensors in shards.items():  # what the index forgot is a tensor all the same
        shard_of.update(dict.fromkeys(tensors.keys() - shard_of.keys(), shard))
    return Tensors(
        {name: shards[shard].shapes[name] for name, shard in shard_of.items()},
        {name: shards[shard].dtypes[name] for name, shard in shard_of.items()},
        lambda name: shards[shard_of[name]][name],
        {key: text for shard in shards.values() for key, text in shard.metadata.items()},
    )


def _weight_map(path: Path, file: BufferedReader) -> dict[str, str]:
    """Each tensor's name and the name of its file, in the order of the files."""
    if size_of(file) > LARGEST_HEADER:
        raise FileFault(path, f"is too large for an index: {size_of(file)} bytes, at most {LARGEST_HEADER}")
    try:
        index = json.loads(file.read().decode(), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise FileFault(path, f"is no index of weights, or a damaged one: {error}") from None
    shard_of = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(shard_of, dict) or not shard_of or len(shard_of) > MOST_TENSORS:
        expected = f"a weight_map from 1 to {MOST_TENSORS} names of tensors to files"
        raise FileFault(path, f"is no index of weights, or a damaged one: expected {expected}")
    bad = [shard for shard in shard_of.values() if not isinstance(shard, str) or not _is_beside(shard)]
    if bad:
        raise FileFault(path, f"names {ascii(bad[0])[:80]}, which is no file beside it")
    return dict(sorted(shard_of.items(), key=lambda item: item[1]))


def _is_beside(shard: str) -> bool:
    return shard.isprintable() and shard == Path(shard).name != ".." and len(shard.encode()) <= _LONGEST_NAME


_LONGEST_NAME = 255


def _listed(names: list[str]) -> str:
    return ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
