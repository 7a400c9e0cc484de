"""`diffsmith plugins new`: write a small plugin that works, to grow from."""

import keyword
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from string import Template
from typing import Annotated

import typer

from ..errors import SpecError
from ..files import write_text
from ..registry import default_registry
from . import examples

EXAMPLES = examples("diffsmith plugins new sketches", "diffsmith plugins new sketches --folder ~/sketches")

_ENDING = ".template"


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLES)(new)


def new(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and _.")],
    folder: Annotated[
        Path | None, typer.Option(help="Where to write it.", show_default="./diffsmith-NAME")
    ] = None,
) -> None:
    """Write a plugin: a model, a spacing, a data set, a search space over them, and their tests."""
    _refuse_bad(name)
    folder = folder or Path(f"diffsmith-{name}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SpecError([f"{folder} is not empty: choose another --folder; nothing was written"])
    for path, text in _written(files(__package__) / "templates" / "plugin", PurePosixPath(), name):
        typer.echo(write_text(folder / path, text))
    typer.echo(f"\nNow: pip install -e {folder} && diffsmith list models", err=True)


def _refuse_bad(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise SpecError(
            [f"{name!r} cannot name a plugin: use lower-case letters, digits and _, as in 'my_2nd'"]
        )
    if name in default_registry().reports:
        raise SpecError([f"a plugin called {name!r} is installed already: choose another name"])


def _written(folder: Traversable, path: PurePosixPath, name: str) -> list[tuple[str, str]]:
    """(path, text) of every file of the template, with the plugin's name in both."""
    found: list[tuple[str, str]] = []
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        inside = path / each.name.removesuffix(_ENDING).replace("NAME", name)
        if each.is_dir():
            found += _written(each, inside, name)
        elif each.name.endswith(_ENDING):
            found.append((str(inside), Template(each.read_text(encoding="utf-8")).substitute(name=name)))
    return found
