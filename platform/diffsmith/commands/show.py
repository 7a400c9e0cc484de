"""`diffsmith show`: what a named thing is, and which options it has."""

from dataclasses import fields, is_dataclass
from typing import Annotated, Any

import typer

from ..cards import Card, SchedulerCard
from ..registry import KINDS, Registry, default_registry
from . import examples
from .output import Json, print_json, print_table
from .things import LISTED, Thing, complete_kind, completing, things_named

EXAMPLES = examples(
    "diffsmith show ddim", "diffsmith show euler --kind estimates", "diffsmith show unet --json"
)


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLES)(show)


def show(
    name: Annotated[str, typer.Argument(help="Any name or alias.", autocompletion=completing(*LISTED))],
    kind: Annotated[
        str | None, typer.Option(help="Only things of this kind.", autocompletion=complete_kind)
    ] = None,
    json: Json = False,
) -> None:
    """Show what a named thing is.

    Its plugin, other names, facts, and options with their ranges and defaults.
    """
    registry = default_registry()
    found = [(thing, _facts(thing, registry)) for thing in things_named(name, registry, kind)]
    if json:
        print_json([{"kind": thing.kind, **facts} for thing, facts in found])
    for thing, facts in [] if json else found:
        _print(thing, facts)


def _facts(thing: Thing, registry: Registry) -> dict[str, Any]:
    facts = {
        "name": thing.name,
        "summary": thing.summary,
        "plugin": thing.plugin,
        "aliases": thing.aliases,
    }
    if thing.kind == "spaces":
        return {**facts, "path": thing.entry, "yaml": thing.entry.read_text(encoding="utf-8")}
    if thing.kind == "modalities":
        return {**facts, "suffixes": thing.entry.suffixes, "metrics": thing.entry.metrics}
    return {**facts, **_own(thing.entry), "options": _options(thing.entry, registry)}


def _own(card: Card) -> dict[str, Any]:
    """What a card of that kind tells beyond what every card does."""
    common = {field.name for field in fields(Card)}
    own = {field.name: getattr(card, field.name) for field in fields(card) if is_dataclass(card)}
    return {name: value for name, value in own.items() if name not in common}


def _options(card: Card, registry: Registry) -> list[dict[str, Any]]:
    from .ranges import options_of

    if not isinstance(card, SchedulerCard) or card.ref:
        return options_of(card.function)
    factors = registry.get("estimates", card.estimate), registry.get("renoise", card.renoise)
    found = [option for factor in factors for option in options_of(factor.function)]
    return [{**option, "default": card.defaults.get(option["name"], option["default"])} for option in found]


def _print(thing: Thing, facts: dict[str, Any]) -> None:
    typer.echo(f"{thing.name}: {KINDS.get(thing.kind, 'search space')}. {thing.summary}")
    apart = ("name", "summary", "options", "yaml")
    shown = {name: value for name, value in facts.items() if name not in apart}
    print_table([(f"{name}:", _text(value)) for name, value in shown.items() if value], "  ")
    if options := facts.get("options"):
        typer.echo("  options:")
        print_table([(o["name"], o["type"], f"default {_text(o['default'])}") for o in options], "    ")
    typer.echo(facts.get("yaml", ""))


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value)) or "none"
    return str(value)
