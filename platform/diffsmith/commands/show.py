"""`diffsmith show`: what a named thing is, and which options it has."""

from dataclasses import fields, is_dataclass
from typing import Annotated, Any

import typer

from ..cards import Card, ModelCard, SchedulerCard
from ..registry import KINDS, Registry, default_registry
from . import examples
from .output import Json, print_json, print_table
from .sizes import sizes_of
from .things import LISTED, Thing, complete_kind, completing, things_named

EXAMPLES = examples(
    "diffsmith show ddim",
    'diffsmith show "DPM++ 2M SDE Karras"',
    "diffsmith show euler --kind estimates",
    "diffsmith show unet --json",
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

    Its plugin, other names, facts, and options with their ranges, defaults and meanings.
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
    if thing.kind in _DATA:
        return facts
    sizes = sizes_of(thing.entry, registry) if isinstance(thing.entry, ModelCard) else {}
    return {**facts, **_own(thing.entry), **sizes, "options": _options(thing.entry, registry)}


_DATA = {"layouts", "pipelines"}
"""Kinds whose cards lead to data, not to a function with options."""


def _own(card: Card) -> dict[str, Any]:
    """What a card of that kind tells beyond what every card does; a loop of its own has no factors."""
    hidden = {field.name for field in fields(Card)} | (set(_FACTORS) if card.ref else set())
    own = {field.name: getattr(card, field.name) for field in fields(card) if is_dataclass(card)}
    own.pop("encoders", None)  # which sizes_of counts with the rest
    return {name: value for name, value in own.items() if name not in hidden}


_FACTORS = {"estimate": "estimates", "renoise": "renoise", "correct": "correctors"}


def _options(card: Card, registry: Registry) -> list[dict[str, Any]]:
    from .meanings import meaning
    from .ranges import options_of

    made = isinstance(card, SchedulerCard) and not card.ref
    named = {role: getattr(card, role) for role in _FACTORS} if made else {}
    parts = [registry.get(_FACTORS[role], name) for role, name in named.items() if name] or [card]
    usual = getattr(card, "defaults", {})
    found = {
        option["name"]: {
            **option,
            "default": usual.get(option["name"], option["default"]),
            "meaning": meaning(part.function, option["name"]),
        }
        for part in parts
        for option in options_of(part.function)
    }
    return list(found.values())


def _print(thing: Thing, facts: dict[str, Any]) -> None:
    typer.echo(f"{thing.name}: {KINDS.get(thing.kind, 'search space')}. {thing.summary}")
    apart = {"name", "summary", "options", "yaml"} | ({"defaults"} if facts.get("options") else set())
    usual = {f"usual {part}": choice for part, choice in facts.pop("usual", {}).items()}
    shown = {name: _said(name, value) for name, value in {**facts, **usual}.items() if name not in apart}
    print_table([(f"{_TITLES.get(name, name)}:", value) for name, value in shown.items() if value], "  ")
    if options := facts.get("options"):
        typer.echo("  options:")
        rows = [(o["name"], o["type"], f"default {_text(o['default'])}", o["meaning"]) for o in options]
        print_table(rows, "    ")
    typer.echo(facts.get("yaml", ""))


_TITLES = {"aliases": "also", "advice": "when", "correct": "corrector", "evaluations": "calls"}
_TITLES |= {"pushes": "guidance", "defaults": "numbers", "part": "folder", "frames_max": "frames at once"}
_NAMES = {"name": ""}  # a choice begins with what is chosen
_WORDS = {
    ("walk", "own"): "the network's own path",
    ("walk", "sigma"): "where dx / dsigma is (x - x0) / sigma: variance exploding, or flow",
    ("order", 0): "none to speak of",
    ("evaluations", 0): "as many as the data need",
    ("pushes", True): "any, cfg_pp too",
    ("pushes", False): "any but cfg_pp",
}


_PHRASES = {"evaluations": "{} of the network a step", "frames_max": "{}; longer clips in windows"}


def _said(name: str, value: Any) -> str:
    if (name, value if isinstance(value, str | int) else "") in _WORDS:
        return _WORDS[name, value]
    if name in _PHRASES:
        return _PHRASES[name].format(value)
    if name == "parameters":
        counts = {part: count for part, count in value.items() if len(value) > 2 or part != "total"}
        return ", ".join(f"{part} {count:,}" for part, count in counts.items())
    if name == "memory":
        return ", ".join(f"{each} {size:.1f} GiB" for each, size in value.items()) + " for the weights alone"
    if name == "pixels":
        return "{1}x{0}".format(*value)
    return _text(value) if value else ""


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{_NAMES.get(name, name + ' ')}{_text(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value)) or "none"
    return str(value)
