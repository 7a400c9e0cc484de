"""Clips in Parquet files, as data sets of the Hugging Face Hub keep them: a column of bytes or of paths."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from diffsmith.errors import FileFault

from .naming import TOLD, inside
from .sources import Clip, Content

__all__ = ["Stored", "parquet_rows"]

_NAMED = ("video", "file_name", "path")
"""Columns that hold a clip or name its file, where none has both as {bytes, path}."""


@dataclass(frozen=True)
class Stored:
    """A clip in a row of a Parquet file, read when it is wanted."""

    file: Path
    group: int
    row: int
    column: str

    def clip(self) -> Clip:
        """Its bytes, or the file that it names."""
        held = _column(self.file, self.group, self.column)[self.row].as_py()
        path, data = (held.get("path"), held.get("bytes")) if isinstance(held, dict) else (held, None)
        if isinstance(path, bytes):
            path, data = None, path
        if data is None:
            return inside(self.file, path)
        return Content(self.file / (path or f"group {self.group}, row {self.row}"), data)


def parquet_rows(table: Path) -> Iterator[tuple[Stored, str | None]]:
    """Each clip, unread, and what it shows, if a column says; a FileFault tells what is wrong with it all."""
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(table) as file:
            column = _column_of_clips(table, file.schema_arrow)
            for group in range(file.num_row_groups):
                for row, told in enumerate(_told(file, group)):
                    yield Stored(table, group, row, column), told
    except (pyarrow.ArrowException, OSError) as error:
        raise FileFault(table, f"is no Parquet file that can be read: {error}") from None


def _column_of_clips(table: Path, schema: Any) -> str:
    structs = [field.name for field in schema if str(field.type).startswith("struct<bytes: ")]
    named = [name for name in _NAMED if name in schema.names]
    if not structs and not named:
        what = f"holds no clips: expected a column of {{bytes, path}}, or one called {', '.join(_NAMED)}"
        raise FileFault(table, what)
    return (structs or named)[0]


def _told(file: Any, group: int) -> list[str | None]:
    """What each row of a group shows: numbers of classes by their names, where the file holds them."""
    column = next((name for name in TOLD if name in file.schema_arrow.names), None)
    if column is None:
        return [None] * file.metadata.row_group(group).num_rows
    names = _class_names(file.schema_arrow, column)
    values = file.read_row_group(group, columns=[column]).column(0).to_pylist()
    return [names.get(value, None if value is None else str(value)) for value in values]


def _class_names(schema: Any, column: str) -> dict[Any, str]:
    """As the library `datasets` writes them into the schema."""
    try:
        written = json.loads((schema.metadata or {})[b"huggingface"])
        return dict(enumerate(written["info"]["features"][column]["names"]))
    except (KeyError, TypeError, ValueError):
        return {}


@lru_cache(maxsize=2)
def _column(file: Path, group: int, column: str) -> Any:
    """One column of one group of rows; the last ones are kept, as rows are read in their order."""
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(file) as opened:
        return opened.read_row_group(group, columns=[column]).column(0)
