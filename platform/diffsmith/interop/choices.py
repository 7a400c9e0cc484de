"""Choices of networks: with all their options, with those alone that differ, as published rows."""

from collections.abc import Mapping
from typing import Any

from ..cards import Card, ModelCard
from ..options import checked_options, options_model
from ..registry import Registry

__all__ = ["published_choice", "whole_options", "without_defaults"]

Values = dict[str, Any]


def published_choice(choice: Values, name: str, registry: Registry) -> Values:
    """A choice of a network as the published model that has these numbers: its row says the rest.

    name: of the source, which decides between models that differ in their weights alone. Where there is no
    such model, the builder with the options that are not its own defaults.
    """
    own: ModelCard = registry.get("models", choice["name"])
    whole, classes = whole_options(own, choice), choice.get("classes")
    rows = [card for card in registry.entries("models") if card.ref == own.ref and card.defaults]
    same = [card for card in reversed(rows) if card.classes == classes and whole_options(card, {}) == whole]
    if not same:
        return without_defaults(choice, "models", None, registry)

    def nearness(card: ModelCard) -> tuple[bool, bool, bool]:
        trained = all(getattr(card, fact) == choice[fact] for fact in _TRAINING if fact in choice)
        named = name.startswith(f"{card.weights.partition('@')[0]}@")
        return trained, named, card.shape == choice.get("shape")

    card = max(same, key=nearness)
    told = {"shape": card.shape, "classes": card.classes}
    kept = {
        key: value for key, value in choice.items() if key not in whole and told.get(key, _UNTOLD) != value
    }
    return {**kept, "name": card.name}


_UNTOLD = object()
_TRAINING = ("schedule", "prediction", "boundary")
"""What a choice may tell of how a network was trained."""


def whole_options(card: Card, choice: Mapping[str, Any]) -> Values:
    """Every option of a function: those chosen, its row's, its own defaults."""
    model = options_model(card.function)
    chosen = {key: value for key, value in choice.items() if key in model.model_fields}
    given = {**getattr(card, "defaults", {}), **chosen}
    return model.model_validate(checked_options(card.function, given, card.name)).model_dump()


def without_defaults(
    choice: Mapping[str, Any], kind: str, usual: Mapping[str, Any] | None, registry: Registry
) -> Values:
    """A choice without what it would be anyway: the usual choice's, if of that name, and the defaults."""
    card: Card = registry.get(kind, choice["name"])
    anyway = whole_options(card, usual if usual and usual["name"] == choice["name"] else {})
    whole = whole_options(card, choice)
    kept = {key: value for key, value in whole.items() if value != anyway[key]}
    beside = {key: value for key, value in choice.items() if key not in whole and value is not None}
    return {**beside, **kept}
