"""Files that another file names: only what really lies in its folder is opened."""

from pathlib import Path

from ...errors import FileFault

__all__ = ["file_beside"]


def file_beside(path: Path, told: str) -> Path:
    """The file `told` in the folder of `path`, all links resolved; a FileFault tells what leads out of there.

    The layers are those of https://github.com/onnx/onnx/blob/main/docs/Security.md: no absolute names, no
    "..", no link out of the folder, symbolic or hard.
    """
    parts = told.replace("\\", "/").split("/")
    if not told.isprintable() or not all(parts) or ".." in parts or ":" in parts[0]:
        raise FileFault(path, f"names {ascii(told)[:80]}, which is no file in its folder")
    try:
        found = (path.parent / told).resolve(strict=True)
        links = found.stat().st_nlink
    except (OSError, RuntimeError, ValueError):
        raise FileFault(path, f"names {told[:80]!r}, missing beside it: fetch or copy the rest") from None
    if not any(found.is_relative_to(root) for root in _roots(path)) or links > 1:
        raise FileFault(path, f"names {told[:80]!r}, a link to what lies elsewhere: copy the file there")
    return found


def _roots(path: Path) -> list[Path]:
    """The folder; and where the Hub's cache keeps what its folders only link to."""
    folder = path.parent.resolve()
    return [folder, folder.parents[1] / "blobs"] if folder.parent.name == "snapshots" else [folder]
