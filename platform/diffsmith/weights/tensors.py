"""safetensors files: read with every way they can be damaged told in one sentence, written whole."""

from io import BufferedReader
from pathlib import Path

import torch
from torch import Tensor

from ..errors import FileFault
from ..files import replacing
from .kinds import opened
from .mapped import Place, Tensors, in_file
from .packed import read_table, write_packed

__all__ = ["load_tensors", "map_tensors", "save_tensors"]


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """(tensors by name, metadata). The tensors are copies: the file may change afterwards."""
    with opened(path) as file:
        places, metadata = read_table(path, file)
        return {name: _copied(path, file, place) for name, place in places.items()}, metadata


def map_tensors(path: Path) -> Tensors:
    """The tensors where they lie, not copied: the file must not change as long as they live."""
    with opened(path) as file:
        return in_file(path, file, *read_table(path, file))


def save_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> Path:
    """Write tensors by name, and text beside them, as one file; each has its own bytes, shared or not."""
    with replacing(path) as beside, beside.open("xb") as file:
        write_packed(file, tensors, metadata)
    return path


def _copied(path: Path, file: BufferedReader, place: Place) -> Tensor:
    numbers = bytearray(place.stop - place.start)
    file.seek(place.start)
    if file.readinto(numbers) != len(numbers):
        raise FileFault(path, "was cut short while it was read")
    if not numbers:
        return torch.empty(place.shape, dtype=place.dtype)
    return torch.frombuffer(numbers, dtype=torch.uint8).view(place.dtype).view(place.shape)
