"""Files that are whole or not there: written beside, flushed, renamed."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import DiskFull, FileFault

__all__ = ["replacing", "require_file", "sweep_litter", "write_text"]

_MARK, _ASIDE = ".writing-", ".replaced-"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; it takes `path`'s place, flushed to disk, when the block ends well.

    Works for a file and for a folder. What stood there before is untouched until then, and for ever if
    the block fails.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{_MARK}{os.getpid()}-{secrets.token_hex(4)}-{path.name}")
    try:
        yield beside
        _flush(beside)
        _swap(beside, path)
        _flush(path.parent)
    except BaseException as error:
        _remove(beside)
        if _is_no_room(error):
            raise _disk_full(path) from error
        raise


def write_text(path: Path, text: str) -> Path:
    """Write a small text file whole."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
    return path


def require_file(path: Path, what: str) -> Path:
    """The path of an existing regular file; a FileFault says what is missing or what stands there."""
    if not path.exists():
        raise FileFault(path, f"there is no such {what}")
    if not path.is_file():
        raise FileFault(path, f"this is not a regular file, expected a {what}")
    return path


def sweep_litter(folder: Path) -> None:
    """Remove what writers that died left beside their targets; put back what one was just replacing."""
    for aside in _left_by_the_dead(folder, _ASIDE):
        target = aside.with_name(aside.name.split("-", 3)[3])
        if target.exists():
            _remove(aside)
        else:
            aside.replace(target)
    for beside in _left_by_the_dead(folder, _MARK):
        _remove(beside)


def _left_by_the_dead(folder: Path, mark: str) -> list[Path]:
    pids = {path: path.name.removeprefix(mark).partition("-")[0] for path in folder.glob(f"**/{mark}*")}
    return [path for path, pid in pids.items() if pid.isdigit() and not _alive(int(pid))]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # signal 0 only asks
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _swap(beside: Path, path: Path) -> None:
    if not beside.is_dir() or not path.exists():
        beside.replace(path)
        return
    aside = path.with_name(beside.name.replace(_MARK, _ASIDE, 1))
    path.replace(aside)
    try:
        beside.replace(path)
    except BaseException:
        aside.replace(path)
        raise
    shutil.rmtree(aside)


def _flush(path: Path) -> None:
    inside = [*path.rglob("*"), path] if path.is_dir() and path.name.startswith(_MARK) else [path]
    for each in inside:
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _is_no_room(error: BaseException) -> bool:
    """Whether a full disk is behind the error; some writers hide its number.

    A file inside a folder that is being replaced may have told already, by a name that nobody knows.
    """
    if isinstance(error, DiskFull):
        return True
    numbers, words = (
        {errno.ENOSPC, errno.EDQUOT, errno.EFBIG},
        ("No space left", "File too large", "unexpected pos"),
    )
    return getattr(error, "errno", None) in numbers or any(each in str(error) for each in words)


def _disk_full(path: Path) -> DiskFull:
    free = shutil.disk_usage(path.parent).free / 2**20
    room = f"no room ({free:.0f} MiB free); nothing was changed. Free some space and resume"
    return DiskFull(path, f"could not be written: {room}")
