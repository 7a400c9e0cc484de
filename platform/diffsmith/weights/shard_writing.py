"""Tensors as one file, or as several and an index where one would be too large to handle."""

import json
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from .tensors import save_tensors

__all__ = ["SHARD", "save_shards"]

SHARD = 5 * 10**9
"""Bytes of one file; what other programs split at, too."""


def save_shards(
    path: Path,
    tensors: Mapping[str, Tensor],
    *,
    shard: int = SHARD,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write the tensors to `path`, or, where they are larger than a shard, to files beside it and an index.

    Returns what a reader has to open. The folder must be new: nothing of an older save is removed.
    """
    groups = _groups(tensors, shard)
    if len(groups) == 1:
        return save_tensors(path, groups[0], dict(metadata or {}))
    names = [
        f"{path.stem}-{number:05d}-of-{len(groups):05d}{path.suffix}" for number in range(1, len(groups) + 1)
    ]
    for name, group in zip(names, groups, strict=True):
        save_tensors(path.with_name(name), group, dict(metadata or {}))
    weight_map = {tensor: name for name, group in zip(names, groups, strict=True) for tensor in group}
    size = sum(map(_bytes, tensors.values()))
    index = path.with_name(f"{path.name}.index.json")
    told = {"metadata": {"total_size": size}, "weight_map": weight_map}
    index.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return index


def _groups(tensors: Mapping[str, Tensor], shard: int) -> list[dict[str, Tensor]]:
    """In order, as many in each as fit; a tensor larger than a shard has one of its own."""
    groups: list[dict[str, Tensor]] = [{}]
    room = shard
    for name, tensor in tensors.items():
        if groups[-1] and _bytes(tensor) > room:
            groups.append({})
            room = shard
        groups[-1][name] = tensor
        room -= _bytes(tensor)
    return groups


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
