"""`diffsmith list`: what there is."""

from typing import Annotated, Any

import typer

from ..registry import Registry, default_registry
from . import examples
from .output import Json, print_json, print_table
from .things import LISTED, Thing, complete_kind, require_kind, things

EXAMPLES = examples("diffsmith list", "diffsmith list models", "diffsmith list schedulers --json")


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("list", epilog=EXAMPLES)(list_things)


def list_things(
    kind: Annotated[
        str | None, typer.Argument(help=f"One of: {', '.join(LISTED)}.", autocompletion=complete_kind)
    ] = None,
    json: Json = False,
) -> None:
    """List all there is, or all of one kind."""
    registry = default_registry()
    if kind is None:
        _list_kinds(registry, json)
        return
    found = things(require_kind(kind), registry)
    if json:
        print_json([_row(thing) for thing in found])
    else:
        rows = [(thing.name, thing.summary, thing.plugin) for thing in found]
        print_table([("NAME", "SUMMARY", "PLUGIN"), *rows])


def _list_kinds(registry: Registry, json: bool) -> None:
    found = {kind: things(kind, registry) for kind in LISTED}
    if json:
        print_json({kind: [_row(thing) for thing in members] for kind, members in found.items()})
    else:
        rows = [(kind, ", ".join(thing.name for thing in members)) for kind, members in found.items()]
        print_table([("KIND", "NAMES"), *rows])


def _row(thing: Thing) -> dict[str, Any]:
    return {
        "name": thing.name,
        "summary": thing.summary,
        "plugin": thing.plugin,
        "aliases": thing.aliases,
    }
