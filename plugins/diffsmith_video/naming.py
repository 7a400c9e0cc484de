"""Names that tables of clips use, and what they may name."""

import os
from pathlib import Path
from typing import Any

from diffsmith.errors import FileFault

__all__ = ["TOLD", "inside"]

TOLD = ("text", "caption", "label")
"""Columns that say what a clip shows; the first one that is there counts."""


def inside(table: Path, name: Any) -> Path:
    """The file that a table names: in its folder or below, and nowhere else. Links may lead anywhere."""
    if not isinstance(name, str) or not name:
        raise FileFault(table, "names no file in one of its rows, expected a column file_name")
    folder = os.path.normpath(table.parent)
    path = Path(os.path.normpath(table.parent / name))
    if not path.is_relative_to(folder):
        raise FileFault(table, f"names {name!r}, which lies outside of its folder")
    return path
