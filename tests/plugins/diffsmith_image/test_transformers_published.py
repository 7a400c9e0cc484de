"""The rows of published transformers: everything they name is possible, and each fact is where it belongs."""

from importlib import import_module

import pytest

from diffsmith.autoencoders.networks import kl
from diffsmith.conditioning import conditioners
from diffsmith.factory.solvers import scheduler
from diffsmith.options import checked_options
from diffsmith.registry import Registry
from diffsmith.specs import Choice, PartSpec, PipelineSpec
from diffsmith_image.transformers_published import TRANSFORMERS


@pytest.mark.parametrize("card", TRANSFORMERS, ids=lambda card: card.name)
def test_a_row_says_what_is_needed_to_use_it(card):
    assert card.summary.endswith(".")
    assert checked_options(card.function, card.defaults, card.name) == card.defaults
    assert card.autoencoder
    assert card.licence
    assert card.source
    assert (card.classes is None) != (card.conditioner is None)
    assert PipelineSpec.model_validate({"model": card.name, **card.usual}).guidance.name == "cfg"
    assert card.part or not card.weights
    assert card.weights or "by hand from" in card.source


def test_names_are_not_given_twice():
    names = [name for card in TRANSFORMERS for name in (card.name, *card.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("card", TRANSFORMERS, ids=lambda card: card.name)
def test_what_a_row_is_used_with_is_registered_and_its_options_are_possible(card):
    registry = Registry([("core", lambda: import_module("diffsmith.builtin_plugin"))])
    choices = {"schedules": card.schedule, "predictions": card.prediction, "guidance": card.usual["guidance"]}
    for kind, choice in choices.items():
        assert registry.bind(kind, Choice.model_validate(choice))
    spec = PipelineSpec.model_validate({"model": card.name, **card.usual})
    assert registry.bind("spacings", spec.spacing)
    assert scheduler(spec.scheduler, registry)
    assert checked_options(kl, PartSpec.model_validate(card.autoencoder).options, "autoencoder")
    if card.conditioner:
        reader = PartSpec.model_validate(card.conditioner)
        assert checked_options(getattr(conditioners, reader.name), reader.options, "conditioner") is not None
