"""What torch.save wrote, read in a process of its own and kept as safetensors: mapped at once next time."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from io import BufferedReader
from pathlib import Path
from typing import IO

from ...caches import cache_folder
from ...errors import FileFault
from ...files import replacing, sweep_litter, write_text
from ..mapped import Tensors
from ..tensors import map_tensors

__all__ = ["open_pickle"]


def open_pickle(path: Path, file: BufferedReader) -> Tensors:
    """The tensors of an open pickle: from the cache, where a process that may do nothing else brings them."""
    folder = cache_folder("weights")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / f"{_digest(folder, file)}-{_RULES}.safetensors"
        if not _is_whole(kept):
            sweep_litter(folder)
            with replacing(kept) as beside, beside.open("xb") as target:
                _convert(path, file, target)
                os.fchmod(target.fileno(), 0o444)  # from now on it is mapped: nobody shall write to it
    except OSError as error:
        advice = "set DIFFSMITH_CACHE to a folder with room for weights"
        raise FileFault(folder, f"cannot be used: {error.strerror}; {advice}") from None
    return map_tensors(kept)


_RULES = 1
"""Counted up when the same pickle would be written otherwise than before."""


def _digest(folder: Path, file: BufferedReader) -> str:
    """The SHA-256 of an open file; remembered, so that a large file is read for it once."""
    facts = os.fstat(file.fileno())
    known = folder / hashlib.sha256(repr(_identity(file)).encode()).hexdigest()
    if known.exists() and re.fullmatch("[0-9a-f]{64}", digest := known.read_text(errors="replace")):
        return digest
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    if time.time() - facts.st_ctime > _CLOCK_TICK:  # a file of this moment may change and keep its times
        write_text(known, digest)
    return digest


_CLOCK_TICK = 2.0


def _identity(file: BufferedReader) -> tuple[int, ...]:
    """What is another number as soon as the file is another one, or has changed."""
    facts = os.fstat(file.fileno())
    return (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


def _is_whole(kept: Path) -> bool:
    try:
        map_tensors(kept)
    except FileFault:
        return False
    return True


def _convert(path: Path, file: BufferedReader, target: IO[bytes]) -> None:
    """Have the child write the pickle's tensors; a FileFault tells why it did not."""
    before = _identity(file)
    size = before[2]
    seconds = _SECONDS + size // _SLOWEST
    limits = [_MEMORY + 3 * size, seconds, _OUTPUT + 4 * size]
    file.seek(0)
    with tempfile.TemporaryFile() as told:
        code = _run([str(limit) for limit in limits], file, target, told, _START + 4 * seconds)
        told.seek(max(0, told.seek(0, os.SEEK_END) - _LONGEST_TOLD))
        fault = _fault(code, told.read().decode(errors="replace"), seconds)
    if fault:
        raise FileFault(path, f"cannot be read as weights: {fault}")
    if _identity(file) != before:
        raise FileFault(path, "changed while it was read: load it again")


# A file of a few bytes may ask for gigabytes or hours; one with weights needs what its size explains.
_MEMORY, _SECONDS, _OUTPUT = 512 * 2**20, 5, 2**20
_SLOWEST, _START, _LONGEST_TOLD = 50 * 2**20, 60, 4096


def _run(limits: list[str], file: BufferedReader, target: IO[bytes], told: IO[bytes], patience: int) -> int:
    """The child's exit code; it knows the files it was given, no folder, no secret, and no other program."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-B", "-m", "diffsmith.weights.pickles.child", *limits],
        stdin=file,
        stdout=target,
        stderr=told,
        env={name: os.environ[name] for name in _KNOWN if name in os.environ} | {"OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    try:
        return child.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        return -signal.SIGXCPU
    finally:
        child.kill()
        child.wait()


_KNOWN = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")


def _fault(code: int, told: str, seconds: int) -> str | None:
    """Why there are no weights, in a sentence; an OSError is the disk's fault and not the file's."""
    if code == 0:
        return None
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"it takes far longer, or far more memory, than a file of its size needs ({seconds} s)"
    last = (told.strip().splitlines() or [""])[-1]
    try:
        said = json.loads(last)
        number, fault = said.get("errno"), str(said.get("fault"))
    except (ValueError, AttributeError, RecursionError):
        return f"the process that reads it ended with code {code} ({ascii(last)[:200]})"
    if isinstance(number, int):
        raise OSError(number, os.strerror(number))
    return "".join(each if each.isprintable() else "?" for each in fault)[:400]
