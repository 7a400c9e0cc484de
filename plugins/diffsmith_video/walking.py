"""What lies in a folder of clips, and what it shows: by tables, by captions beside, by subfolders."""

from pathlib import Path

from diffsmith.errors import FileFault

from .sources import is_picture
from .tables import Row, hidden, table_rows, tables_in

__all__ = ["rows_in"]

_VIDEOS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".wmv", ".flv")
_ENDINGS = frozenset((*_VIDEOS, ".ogv", ".3gp", ".gif", ".webp", ".apng", ".avif"))
_PARTS = frozenset(("train", "training", "val", "valid", "validation", "dev", "test", "testing", "eval"))
"""Folders that divide a data set and say nothing of what clips show."""


def rows_in(root: Path) -> list[Row]:
    """Every clip and what it shows; a FileFault where there is none, or where some are told and others not.

    Where a table tells of the clips, it alone counts. Then captions: text files of the clips' names beside
    them. Then the folders that clips lie in. A folder of pictures below `root` is a clip.
    """
    if tables := tables_in(root):
        rows = [row for table in tables for row in table_rows(table)]
    elif not root.is_dir():
        raise FileFault(root, "is no folder of clips" if root.exists() else "there is no such folder")
    else:
        rows = _walked(root)
    if not rows:
        raise FileFault(root, "holds no clips")
    return rows


def _walked(root: Path) -> list[Row]:
    clips = sorted(path for path in root.rglob("*") if not hidden(path, root) and _is_clip(path))
    captions = [_caption(clip) for clip in clips]
    if any(caption is not None for caption in captions):
        return _captioned(root, clips, captions)
    inside = [_classes(clip.relative_to(root)) for clip in clips]
    if any(inside) and not all(inside):
        raise FileFault(clips[inside.index(())], "lies beside class folders: move it into one of them")
    return [(clip, parts[0] if parts else None) for clip, parts in zip(clips, inside, strict=True)]


def _classes(clip: Path) -> tuple[str, ...]:
    """The folders it lies in, but for one that is a part of the data set."""
    inside = clip.parts[:-1]
    return inside[1:] if inside and inside[0].casefold() in _PARTS else inside


def _captioned(root: Path, clips: list[Path], captions: list[str | None]) -> list[Row]:
    if None in captions:
        bare = clips[captions.index(None)]
        raise FileFault(bare, f"has no caption, as others in {root} have: write {bare.stem}.txt beside it")
    return list(zip(clips, captions, strict=True))


def _caption(clip: Path) -> str | None:
    """What the text file of its name says, in one line."""
    path = clip.with_name(f"{clip.name if clip.is_dir() else clip.stem}.txt")
    try:
        return " ".join(path.read_text(encoding="utf-8").split()) if path.is_file() else None
    except UnicodeDecodeError:
        raise FileFault(path, "is no caption: expected text in UTF-8") from None


def _is_clip(path: Path) -> bool:
    """A video or an animation, or a folder that holds pictures and none of those."""
    if not path.is_dir():
        return path.suffix.lower() in _ENDINGS
    files = [file for file in path.iterdir() if file.is_file()]
    return any(map(is_picture, files)) and not any(file.suffix.lower() in _ENDINGS for file in files)
