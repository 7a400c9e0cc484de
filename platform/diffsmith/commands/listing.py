"""`diffsmith list`: what there is."""

from typing import Annotated, Any

import typer

from ..cards import SchedulerCard
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
        print_table(_table(found))


def _table(found: list[Thing]) -> list[tuple[str, ...]]:
    """A row a thing; schedulers also tell what they cost and what they gain by more steps."""
    if any(isinstance(thing.entry, SchedulerCard) for thing in found):
        rows = [(each.name, *_measures(each.entry), each.summary, each.plugin) for each in found]
        return [("NAME", "ORDER", "CALLS", "SUMMARY", "PLUGIN"), *rows]
    return [("NAME", "SUMMARY", "PLUGIN"), *((each.name, each.summary, each.plugin) for each in found)]


def _measures(card: SchedulerCard) -> tuple[str, str]:
    return str(card.order or "-"), str(card.evaluations or "varies")


def _list_kinds(registry: Registry, json: bool) -> None:
    found = {kind: things(kind, registry) for kind in LISTED}
    if json:
        print_json({kind: [_row(thing) for thing in members] for kind, members in found.items()})
    else:
        rows = [(kind, ", ".join(thing.name for thing in members)) for kind, members in found.items()]
        print_table([("KIND", "NAMES"), *rows])


def _row(thing: Thing) -> dict[str, Any]:
    card = thing.entry
    known = isinstance(card, SchedulerCard)
    measures = {"order": card.order, "evaluations": card.evaluations} if known else {}
    return {
        "name": thing.name,
        "summary": thing.summary,
        "plugin": thing.plugin,
        "aliases": thing.aliases,
        **measures,
    }
