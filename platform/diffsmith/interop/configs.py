"""A network of ours as the config.json of a published class: the way back of recognising."""

from collections.abc import Mapping
from typing import Any

from ..cards import Card
from ..errors import SpecError
from ..registry import Registry
from ..weights.layouts import Layout
from .choices import whole_options

__all__ = ["published_config"]

Values = dict[str, Any]
_BESIDE = ("shape", "classes")
"""What a choice of a network says beside its function's options."""


def published_config(choice: Mapping[str, Any], kind: str, registry: Registry) -> Values:
    """The config.json of a network, of kind "models" or "autoencoders", in the class that can say all of it.

    What is written is read again and compared, so that nothing is lost. A SpecError tells why no class can.
    """
    own: Card = registry.get(kind, choice["name"])
    told = {name: _plain(choice.get(name) or getattr(own, name, None)) for name in _BESIDE}
    wanted = {**whole_options(own, choice), **told}
    reasons: list[str] = []
    for card in registry.entries("layouts"):
        layout: Layout = card.function
        config = (
            _written(layout, {**wanted, "name": own.ref.partition(":")[2]}, reasons)
            if layout.kind == kind
            else None
        )
        if config is not None and _read(layout, config, own, kind, registry) == wanted:
            return config
    why = f": {'; '.join(dict.fromkeys(reasons))}" if reasons else ""
    raise SpecError([f"{own.name}: no published class of {kind} can say all its options{why}"])


def _written(layout: Layout, choice: Values, reasons: list[str]) -> Values | None:
    try:
        return layout.config(choice)
    except SpecError as error:
        reasons += error.faults
    except (IndexError, KeyError, TypeError, ValueError):
        pass  # another class's network, whose options mean nothing to this one
    return None


def _read(layout: Layout, config: Values, own: Card, kind: str, registry: Registry) -> Values | None:
    """The whole choice that a config stands for; None where it is of another function."""
    try:
        choice = layout.options(config)
        same = registry.get(kind, choice["name"]).ref == own.ref
    except SpecError:
        return None
    return (
        {**whole_options(own, choice), **{name: _plain(choice.get(name)) for name in _BESIDE}}
        if same
        else None
    )


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
