"""Repositories on the Hugging Face Hub: a few of their files, at one commit, kept on this computer."""

import errno
import glob
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import DiffsmithError, DiskFull, FileFault
from ..files import write_text
from .hub_faults import fault, offline

__all__ = ["Address", "Snapshot", "address", "snapshot"]

_ADDRESS = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(?:/(?P<file>[^@\\]+))?(?:@(?P<revision>[^\s@]+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_PATIENCE = 10.0  # seconds for an answer
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class Address(NamedTuple):
    """A repository, owner/name; a file in it, or "" for the whole; a branch, a tag or a commit."""

    repository: str
    file: str = ""
    revision: str = "main"

    def __str__(self) -> str:
        return f"{self.repository}{'/' if self.file else ''}{self.file}@{self.revision}"


class Snapshot(NamedTuple):
    """The files of a repository at one commit, as a folder. note: what is worth knowing of it, or ""."""

    folder: Path
    commit: str
    note: str = ""


Choose = Callable[[Sequence[str]], Sequence[str]]
"""The names of all files of a repository -> those that are needed."""


def address(source: str) -> Address | None:
    """owner/name, owner/name@revision or owner/name/file@revision; None for anything else."""
    match = _ADDRESS.fullmatch(source)
    if match is None or source.startswith(".") or ".." in source:
        return None
    return Address(match["repository"], match["file"] or "", match["revision"] or "main")


def snapshot(wanted: Address, choose: Choose) -> Snapshot:
    """The chosen files at the commit that the revision stands for now.

    What is here already is not fetched again, and what was cut off is fetched on from there. Where the Hub
    cannot be reached, what was fetched before serves. HF_HOME (or HF_HUB_CACHE), HF_TOKEN, HF_ENDPOINT and
    HF_HUB_OFFLINE are heeded as they are at the call. Raises a FileFault that says how to get the files.
    """
    if _is_offline():
        kept = _kept(wanted)
        if kept is None:
            raise offline(wanted, _cache())
        return kept
    from huggingface_hub import HfApi

    api = HfApi(endpoint=_endpoint(), token=_token())
    try:
        info = api.model_info(wanted.repository, revision=wanted.revision, timeout=_PATIENCE)
    except Exception as error:  # noqa: BLE001 — the library changes what it talks HTTP with, and its errors
        return _served_anyway(wanted, error)
    chosen = choose([each.rfilename for each in info.siblings or ()])
    return Snapshot(_fetched(wanted, str(info.sha), chosen), str(info.sha))


def _served_anyway(wanted: Address, error: Exception) -> Snapshot:
    """What was fetched before, unless the Hub itself says no."""
    found = fault(wanted, error, _cache(), _endpoint())
    kept = None if found.final else _kept(wanted)
    if kept is None:
        raise found.error from None
    return kept._replace(
        note=f"{wanted.repository}: the Hub did not answer; taken as it was at {kept.commit}"
    )


def _fetched(wanted: Address, commit: str, names: Sequence[str]) -> Path:
    folder = _repository_folder(wanted) / "snapshots" / commit
    if not names:  # the library takes an empty list for everything
        raise FileFault(wanted.repository, "holds nothing that belongs to a pipeline")
    try:
        if not all((folder / name).exists() for name in names):
            _download(wanted, commit, names)
        if wanted.revision != commit:  # which tells what is taken where there is no network
            write_text(_repository_folder(wanted) / "refs" / wanted.revision, commit)
    except DiffsmithError:
        raise
    except Exception as error:  # noqa: BLE001 — as above
        raise _broken_off(wanted, error) from None
    return folder


def _download(wanted: Address, commit: str, names: Sequence[str]) -> None:
    from huggingface_hub import snapshot_download

    snapshot_download(
        wanted.repository,
        revision=commit,
        allow_patterns=[glob.escape(name) for name in names],
        cache_dir=_cache(),
        endpoint=_endpoint(),
        token=_token(),
        etag_timeout=_PATIENCE,
    )


def _broken_off(wanted: Address, error: Exception) -> Exception:
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        told = f"no room for {wanted.repository}; free some space, or set HF_HOME to a folder on another disk"
        return DiskFull(_cache(), f"{told}: what is here already is kept")
    return fault(wanted, error, _cache(), _endpoint()).error


def _kept(wanted: Address) -> Snapshot | None:
    """What was fetched before, complete or not."""
    folder, revision = _repository_folder(wanted), wanted.revision
    told = folder / "refs" / revision
    commit = told.read_text(encoding="utf-8", errors="replace").strip() if told.is_file() else revision
    files = folder / "snapshots" / commit
    return Snapshot(files, commit) if _COMMIT.fullmatch(commit) and files.is_dir() else None


def _repository_folder(wanted: Address) -> Path:
    """Where the Hub's own library keeps a repository."""
    return _cache() / f"models--{wanted.repository.replace('/', '--')}"


def _cache() -> Path:
    """The library reads these when it is imported; people set them later, too."""
    told = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    general = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("HF_HOME") or f"{general}/huggingface"
    return Path(told or f"{home}/hub").expanduser()


def _endpoint() -> str:
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def _token() -> str | None:
    """None lets the library look for the one that `hf auth login` kept."""
    return os.environ.get("HF_TOKEN") or None


def _is_offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}
