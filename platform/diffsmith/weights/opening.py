"""A weights file of any format: bytes to named tensors."""

from collections.abc import Callable
from io import BufferedReader
from pathlib import Path

from ..errors import FileFault
from .kinds import kind_of, opened, size_of, what_it_is
from .mapped import Tensors, in_file
from .onnx.files import open_onnx
from .packed import read_table
from .pickles.converted import open_pickle
from .shards import open_shards

__all__ = ["open_tensors"]


def open_tensors(path: Path) -> Tensors:
    """The named tensors of a weights file, mapped from it and read when they are asked for.

    What stands in the file decides how it is read, its name never does: safetensors; what torch.save wrote
    (read once, in a process of its own, and kept as safetensors in the cache); the initializers of an ONNX
    model; the index of a model in several files. The file must not be written to as long as a tensor lives,
    only replaced whole. A FileFault names the file and says what is wrong with it.
    """
    return _open(path, {**_ONE_FILE, "json": lambda path, file: open_shards(path, file, _open_one)})


def _open_one(path: Path) -> Tensors:
    return _open(path, _ONE_FILE)


_Opener = Callable[[Path, BufferedReader], Tensors]

_ONE_FILE: dict[str, _Opener] = {
    "safetensors": lambda path, file: in_file(path, file, *read_table(path, file)),
    "torch": open_pickle,
    "onnx": open_onnx,
}


def _open(path: Path, openers: dict[str, _Opener]) -> Tensors:
    with opened(path) as file:
        head = file.read(512)
        file.seek(0)
        opener = openers.get(kind_of(head, size_of(file)) or "")
        if opener is None:
            raise FileFault(path, f"is no weights file that is known here: {what_it_is(head)}")
        return opener(path, file)
