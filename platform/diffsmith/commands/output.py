"""What goes to stdout: tables for people, JSON for programs."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

__all__ = ["Json", "print_json", "print_table"]

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def print_table(rows: Sequence[Sequence[str]], indent: str = "") -> None:
    """Columns, each as wide as its widest cell; the last one is as long as it likes."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo((indent + "  ".join(cells)).rstrip())


def print_json(values: Any) -> None:
    """One document; infinity, which JSON has no word for, is the string "Infinity"."""
    from pydantic_core import to_json

    typer.echo(to_json(values, indent=2, inf_nan_mode="strings", fallback=str))
