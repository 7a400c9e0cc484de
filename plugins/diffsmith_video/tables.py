"""Clips that a table tells of: metadata.csv or .jsonl, as in the Hugging Face layout `videofolder`."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from diffsmith.errors import FileFault

from .naming import TOLD, inside
from .parquet import Stored, parquet_rows

__all__ = ["Row", "hidden", "table_rows", "tables_in"]

Row = tuple[Path | Stored, str | None]
"""A clip, and what it shows, if the table says."""


def tables_in(root: Path) -> list[Path]:
    """The tables in a folder and below, or the one that `root` is."""
    if root.is_file():
        return [root] if _is_table(root) else []
    return sorted(file for file in root.rglob("*") if _is_table(file) and not hidden(file, root))


def table_rows(table: Path) -> Iterator[Row]:
    """Each row of a table; a FileFault says what is wrong with it."""
    if table.suffix.lower() == ".parquet":
        yield from parquet_rows(table)
        return
    try:
        for row in _READERS[table.name](table):
            yield inside(table, row.get("file_name")), _said(row)
    except (csv.Error, UnicodeDecodeError, json.JSONDecodeError, AttributeError) as error:
        raise FileFault(table, f"is no table that can be read: {error}") from None


def _said(row: Mapping[str, Any]) -> str | None:
    """What a row says of its clip."""
    return next((str(row[name]) for name in TOLD if row.get(name) is not None), None)


def hidden(file: Path, root: Path) -> bool:
    """Whether it or a folder on the way to it begins with a dot."""
    return any(part.startswith(".") for part in file.relative_to(root).parts)


def _is_table(file: Path) -> bool:
    return file.name in _READERS or file.suffix.lower() == ".parquet"


def _csv(table: Path) -> Iterator[Mapping[str, Any]]:
    with table.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _jsonl(table: Path) -> Iterator[Mapping[str, Any]]:
    lines = table.read_text(encoding="utf-8").splitlines()
    yield from (json.loads(line) for line in lines if line.strip())


_READERS = {"metadata.csv": _csv, "metadata.jsonl": _jsonl}
