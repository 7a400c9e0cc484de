# ruff: noqa: S101 — a test is made of asserts
"""What a published model's row promises; nothing here takes its memory."""

from collections.abc import Callable

import torch
from torch import nn

from ... import factory
from ...cards import ModelCard
from ...pipeline import new_network
from ...specs import PipelineSpec
from ...weights.hub import address
from .shared import Conformance

__all__ = ["PublishedConformance"]


class PublishedConformance(Conformance):
    """A row of numbers that make a network and a pipeline, and the facts that people ask for."""

    kind = "models"

    @property
    def card(self) -> ModelCard:
        """The row under test."""
        card: ModelCard = self.registry().get("models", self.name)
        return card

    def test_its_numbers_make_a_network(self) -> None:
        """Without memory, in a second or so: every weight is on the meta device."""
        network = _without_memory(lambda: new_network(self._spec().model, self.registry()))
        assert sum(1 for _ in network.parameters()) > 0

    def test_it_is_a_pipeline_as_it_was_published(self) -> None:
        """All that it names is registered, and goes together: nothing has to be said but where it lies."""
        factory.check(self._spec(), self.registry())
        self.registry().get("modalities", self.card.modality)

    def test_its_autoencoder_speaks_of_its_latents(self) -> None:
        """As many channels as the network reads."""
        choice = factory.autoencoder_of(self._spec(), self.registry())
        if choice is not None:
            network = _without_memory(self.registry().bind("autoencoders", choice, "autoencoder"))
            assert self.card.shape is not None
            assert network.channels == self.card.shape[0]

    def test_it_tells_what_people_ask(self) -> None:
        """Whose it is, where it came from, what may be done with it; and what reads its prompts weighs."""
        card = self.card
        assert card.summary
        assert card.licence
        assert card.source
        assert bool(card.encoders) == bool(card.conditioner)
        assert not card.weights or address(card.weights)

    def _spec(self) -> PipelineSpec:
        values = {"model": self.name, "weights": self.card.weights or "its.safetensors", **self.card.usual}
        return PipelineSpec.model_validate(values)


def _without_memory(make: Callable[[], nn.Module]) -> nn.Module:
    with torch.device("meta"):
        network = make()
    assert all(weight.is_meta for weight in network.parameters())
    return network
