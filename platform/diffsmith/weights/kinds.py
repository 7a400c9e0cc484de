"""What a weights file is, by what stands in it; its name decides nothing."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from ..errors import FileFault
from ..files import require_file

__all__ = ["LARGEST_HEADER", "kind_of", "opened", "size_of", "what_it_is"]

LARGEST_HEADER = 16 * 2**20
"""Bytes of JSON before the tensors of a safetensors file, or of an index: the largest known have 1 MB."""


@contextmanager
def opened(path: Path, what: str = "weights file") -> Iterator[BufferedReader]:
    """A regular file, open for reading; a FileFault says what else stands there. Waits for nobody."""
    try:
        descriptor = os.open(require_file(path, what), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise FileFault(path, f"cannot be read: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # replaced since it was looked at
            raise FileFault(path, f"this is not a regular file, expected a {what}")
        yield file


def size_of(file: BufferedReader) -> int:
    """How many bytes an open file has."""
    return os.fstat(file.fileno()).st_size


def kind_of(head: bytes, size: int) -> str | None:
    """Of the first bytes of a file of that size: "safetensors", "torch", "onnx", "json", or None."""
    if head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= min(LARGEST_HEADER, size - 8):
        return "safetensors"
    if head.startswith(b"PK\x03\x04") or (head[:1] == b"\x80" and _TORCH_MAGIC in head[:32]):
        return "torch"
    if head[:1] == _IR_VERSION and head[2:3] in _MODEL_FIELDS:
        return "onnx"
    return "json" if head.lstrip()[:1] == b"{" else None


_TORCH_MAGIC = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."  # stood first before it was zip
# An ONNX file has no mark of its own, but all who write it begin with field 1, the version, and one more.
_IR_VERSION, _MODEL_FIELDS = b"\x08", (b"\x12", b"\x1a", b"\x22", b"\x28", b"\x32", b"\x3a", b"\x42", b"\x72")


def what_it_is(head: bytes) -> str:
    """In words, for somebody who expected weights."""
    return next(
        (what for beginning, what in _BEGINNINGS.items() if head.startswith(beginning)),
        "it is cut short or something else" if head else "it is empty",
    )


_BEGINNINGS = {
    b"<!": "it is a web page",
    b"<h": "it is a web page",
    b"<H": "it is a web page",
    b"<?xml": "it is a web page or XML",
    b"version https://git-lfs": "it is a git-lfs pointer; fetch the real file",
    b"PK": "it is a zip archive or a torch pickle; convert it to safetensors",
    b"\x80": "it is a pickle; convert it to safetensors",
    b"{": "it is JSON",
    b"\x1f\x8b": "it is compressed with gzip; unpack it",
    b"\xfd7zXZ": "it is compressed with xz; unpack it",
    b"GGUF": "it is a GGUF file; use the safetensors file of the same model",
    b"\x89HDF": "it is an HDF5 file, as Keras writes them",
    b"\x93NUMPY": "it is a numpy array",
}
