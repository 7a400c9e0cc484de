"""`python -m diffsmith.weights.pickles.child`: what torch.save wrote, from standard input, as safetensors to
standard output. The only place that reads a pickle: in a process of its own, weights only, within limits.

What is wrong with the file is one line of JSON on standard error.
"""

import errno
import json
import re
import sys
import warnings
import zipfile
from io import BufferedReader
from typing import Any

import torch

from ..kinds import LARGEST_HEADER, size_of
from ..packed import write_packed
from .confinement import confine
from .state_dicts import BOOKKEEPING, named_tensors

__all__ = ["convert", "main"]


def main() -> int:
    """Read and write within the limits that the arguments tell: bytes of memory, seconds, bytes written."""
    memory, seconds, output = map(int, sys.argv[1:])
    confine(memory=memory, seconds=seconds, output=output + LARGEST_HEADER)
    fault = convert(sys.stdin.fileno(), sys.stdout.fileno(), output)
    if fault:
        print(json.dumps(fault), file=sys.stderr)
    return 1 if fault else 0


def convert(source: int, target: int, most: int) -> dict[str, Any] | None:
    """The tensors of one open file into another, at most so many bytes of them; or what was wrong."""
    try:
        _convert(source, target, most)
    except BaseException as error:  # noqa: BLE001 — whatever a hostile file brings about is told
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return {"errno": error.errno}
        return {"fault": _told(error)}
    return None


def _convert(source: int, target: int, most: int) -> None:
    tensors, under = named_tensors(_read(source))
    size = sum(tensor.numel() * tensor.dtype.itemsize for tensor in tensors.values())
    if size > most:
        raise ValueError(f"its tensors would fill {size} bytes, far more than the file has")
    with open(target, "wb", closefd=False) as file:
        write_packed(file, tensors, {"under": under} if under else None)


def _read(source: int) -> Any:
    with open(source, "rb", closefd=False) as file:
        zipped = file.read(2) == b"PK"
        if zipped:
            _check_archive(file)
    torch.serialization.add_safe_globals([(_Bookkeeping, name) for name in BOOKKEEPING])
    with warnings.catch_warnings(action="ignore"):
        return torch.load(f"/dev/fd/{source}", map_location="cpu", weights_only=True, mmap=zipped)


class _Bookkeeping:
    """Stands where a checkpoint asks for a trainer's own classes: takes everything, does nothing."""

    def __init__(self, *_: Any) -> None: ...

    def __new__(cls, *_: Any) -> "_Bookkeeping":
        return super().__new__(cls)

    def __setstate__(self, _: Any) -> None: ...


def _check_archive(file: BufferedReader) -> None:
    """What torch does not look at: that nothing is packed to unpack to more, and each record's checksum."""
    with zipfile.ZipFile(file) as archive:
        records = archive.infolist()
        if not any(each.filename.endswith("/data.pkl") for each in records):
            raise ValueError("it is a zip archive that torch.save did not write")
        if any(each.filename.endswith("/constants.pkl") for each in records):
            raise ValueError("it is a TorchScript program; save its state_dict() instead")
        if any(each.compress_type != zipfile.ZIP_STORED for each in records):
            raise ValueError("its records are compressed, which torch.save never does")
        if sum(each.file_size for each in records) > size_of(file):
            raise ValueError("its records overlap")
        damaged = archive.testzip()
        if damaged:
            raise ValueError(f"the checksum of its record {damaged} is another one")


def _told(error: BaseException) -> str:
    """What is wrong with the file, in words of ours: torch's would tell people to read it unsafely."""
    text = str(error)
    asked = re.search(r"GLOBAL (\S+) ", text)
    if asked:
        return f"it asks for {asked[1]}, and only tensors, numbers and text are read from a pickle"
    if isinstance(error, MemoryError) or re.search(r"can't allocate|Cannot allocate memory", text):
        return "it asks for far more memory than a file of its size needs"
    if type(error) is ValueError:
        return text
    what = text.rpartition("WeightsUnpickler error: ")[2].strip().partition("\n")[0]
    advice = re.search("weights_only|safe_globals", what)
    told = "it makes more than tensors, numbers and text" if advice else what
    return f"torch cannot read it ({type(error).__name__}: {told})"


if __name__ == "__main__":
    sys.exit(main())
