"""The safetensors format: a length, a table in JSON, the numbers; every rule of the table is checked here."""

import json
from collections.abc import Mapping
from io import BufferedReader
from math import prod
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from ..errors import FileFault
from .kinds import LARGEST_HEADER, size_of, what_it_is
from .mapped import Place

__all__ = ["MOST_TENSORS", "check_tensor", "once", "read_table", "write_packed"]

_FORMATS = {
    "BOOL": torch.bool,
    "U8": torch.uint8,
    "I8": torch.int8,
    "U16": torch.uint16,
    "I16": torch.int16,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "U32": torch.uint32,
    "I32": torch.int32,
    "F32": torch.float32,
    "U64": torch.uint64,
    "I64": torch.int64,
    "F64": torch.float64,
    "C64": torch.complex64,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E4M3FNUZ": torch.float8_e4m3fnuz,
    "F8_E5M2": torch.float8_e5m2,
    "F8_E5M2FNUZ": torch.float8_e5m2fnuz,
}
_FORMAT_OF = {dtype: told for told, dtype in _FORMATS.items()}

MOST_TENSORS, _HIGHEST_RANK, _LONGEST_NAME = 100_000, 8, 512


def read_table(path: Path, file: BufferedReader) -> tuple[dict[str, Place], dict[str, str]]:
    """(where each tensor lies, the text beside them) of an open safetensors file; damage is a FileFault."""
    size, head = size_of(file), file.read(512)
    length = int.from_bytes(head[:8], "little")
    if size < 8 or not 2 <= length <= min(LARGEST_HEADER, size - 8):
        raise FileFault(path, f"is no safetensors file: {what_it_is(head)}")
    file.seek(8)
    try:
        table = json.loads(file.read(length).decode(), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise FileFault(path, f"is damaged: its header cannot be read ({error})") from None
    try:
        text = _text(table)
        places = {name: _place(name, told, 8 + length) for name, told in table.items()}
        _check_order(places, 8 + length, size)
    except ValueError as error:
        raise FileFault(path, f"is damaged: {error}") from None
    return places, text


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """For json.loads: no name may stand twice, which readers would understand differently."""
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a name stands twice")
    return dict(pairs)


def write_packed(
    file: IO[bytes], tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors by name as a safetensors file, one after the other: no second copy of them all."""
    # The widest numbers first, so that all are aligned; then by name, so that equal tensors are equal bytes.
    names = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    table: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    stop = 0
    for name in names:
        dtype, shape = tensors[name].dtype, tuple(tensors[name].shape)
        check_tensor(name, dtype, shape)
        start, stop = stop, stop + prod(shape) * dtype.itemsize
        table[name] = {"dtype": _FORMAT_OF[dtype], "shape": shape, "data_offsets": [start, stop]}
    header = json.dumps(table, separators=(",", ":"), ensure_ascii=False).encode()
    header += b" " * (-len(header) % 8)
    if len(header) > LARGEST_HEADER or len(names) > MOST_TENSORS:
        raise ValueError(f"{len(names)} tensors are too many for one file")
    file.write(len(header).to_bytes(8, "little") + header)
    for name in names:
        file.write(_numbers(tensors[name]))


def _numbers(tensor: Tensor) -> Any:
    plain = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
    return plain.reshape(-1).view(torch.uint8).numpy().data


def check_tensor(name: str, dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    """A ValueError tells what no weights file may hold, whatever its format: this name, dtype or shape."""
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise ValueError(f"{name[:40]!a} is no name of a tensor")
    if dtype not in _FORMAT_OF:
        raise ValueError(f"{name} is {dtype}, which is not read here")
    if len(shape) > _HIGHEST_RANK:
        raise ValueError(f"{name} has {len(shape)} dimensions, at most {_HIGHEST_RANK} are read")
    if prod(filter(None, shape)) * dtype.itemsize >= 2**63:
        raise ValueError(f"{name} has a shape that torch lacks")


def _text(table: object) -> dict[str, str]:
    """What stands under __metadata__, taken out of the table."""
    if not isinstance(table, dict):
        raise ValueError("its header is no table of tensors")
    text = table.pop("__metadata__", None) or {}
    if not isinstance(text, dict) or not all(isinstance(each, str) for each in text.values()):
        raise ValueError("its __metadata__ is not text by name")
    if len(table) > MOST_TENSORS:
        raise ValueError(f"it tells of {len(table)} tensors, at most {MOST_TENSORS} are read")
    return text


def _place(name: str, told: object, base: int) -> Place:
    if not isinstance(told, dict) or told.keys() != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"{name[:40]!a} is not told as dtype, shape and data_offsets")
    dtype = _FORMATS.get(told["dtype"]) if isinstance(told["dtype"], str) else None
    shape, offsets = _counts(told["shape"]), _counts(told["data_offsets"])
    if dtype is None:
        raise ValueError(f"{name[:40]!a} is of dtype {str(told['dtype'])[:20]!a}, which is not read here")
    if shape is None or offsets is None or len(offsets) != 2:
        raise ValueError(f"{name[:40]!a} has a shape or data_offsets that are no counts")
    check_tensor(name, dtype, shape)
    if offsets[1] - offsets[0] != prod(shape) * dtype.itemsize:
        raise ValueError(f"{name} has {offsets[1] - offsets[0]} bytes, its shape needs others")
    return Place(dtype, shape, base + offsets[0], base + offsets[1])


def _counts(told: object) -> tuple[int, ...] | None:
    if not isinstance(told, list) or [each for each in told if type(each) is not int or each < 0]:
        return None
    return tuple(told)


def _check_order(places: dict[str, Place], start: int, size: int) -> None:
    """Tensors fill the file one after the other: a byte that two share, or none, is a fault."""
    for name, place in sorted(places.items(), key=lambda item: item[1][2:]):
        if place.start != start:
            raise ValueError(f"{name} begins at byte {place.start}, expected {start}")
        start = place.stop
    if start != size:
        what = "it is cut short" if start > size else "there is more behind it"
        raise ValueError(f"its tensors end at byte {start} of {size}: {what}")
