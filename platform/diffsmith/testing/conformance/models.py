# ruff: noqa: S101 — a test is made of asserts
"""What a network promises."""

import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from ...cards import ModelCard
from ...specs import Choice
from ...weights.networks import fill
from ...weights.tensors import load_tensors, save_tensors
from .shared import Conformance, draws, example_of

__all__ = ["ModelConformance"]


class ModelConformance(Conformance):
    """A network answers in its input's shape, learns everywhere, and is all in its weights.

    reads: the conditions beside x and time, and the shape of one row of each; "label" is a class.
    """

    kind = "models"
    shape: ClassVar[tuple[int, ...]] = ()
    """Of a row; () takes the example of the network's modality."""
    classes: ClassVar[int] = 3
    reads: ClassVar[Mapping[str, tuple[int, ...]]] = {"label": ()}

    @property
    def row(self) -> tuple[int, ...]:
        """The shape of a row."""
        card: ModelCard = self.registry().get("models", self.name)
        return self.shape or example_of(card.modality).shape

    def test_answers_in_the_shape_of_its_input(self) -> None:
        """One answer a row, finite; a second half of the channels may tell its variance."""
        out = self._answer(self._network())
        channels, *rest = self.row
        assert out.shape in {(2, channels, *rest), (2, 2 * channels, *rest)}
        assert out.isfinite().all()

    def test_a_row_does_not_hear_of_the_others(self) -> None:
        """A row alone gets the answer it gets in a batch."""
        network = self._network()
        torch.testing.assert_close(self._answer(network, slice(1)), self._answer(network)[:1])

    def test_answers_the_same_when_asked_again(self) -> None:
        """Evaluation draws nothing at random."""
        network = self._network()
        assert torch.equal(self._answer(network), self._answer(network))

    def test_hears_the_time_and_the_condition(self) -> None:
        """Another time or another condition is another answer; "no class" is one more class."""
        network, base = self._network(), self._answer(self._network())
        assert not torch.equal(base, self._answer(network, time=7.0))
        for name in self.reads:
            assert not torch.equal(base, self._answer(network, other=name)), name

    def test_works_without_classes(self) -> None:
        """Data without labels need no label."""
        network = _stirred(self.bound()(self.row, None))
        assert self._answer(network, reads=set(self.reads) - {"label"}).isfinite().all()

    def test_every_parameter_learns(self) -> None:
        """A finite gradient reaches each of them."""
        network = self._network()
        torch.autograd.backward(self._answer(network).square().mean())
        gradients = {name: parameter.grad for name, parameter in network.named_parameters()}
        assert [name for name, grad in gradients.items() if grad is None or not grad.isfinite().all()] == []

    def test_saved_weights_are_the_whole_of_it(self) -> None:
        """Weights put into a fresh network give the same answers."""
        network = self._network()
        with tempfile.TemporaryDirectory() as folder:
            path = save_tensors(Path(folder) / "weights.safetensors", network.state_dict())
            again = fill(self.bound()(self.row, self.classes), load_tensors(path)[0], path)
        assert torch.equal(self._answer(again.eval()), self._answer(network))

    def test_its_card_names_what_exists(self) -> None:
        """The modality, schedule and prediction it asks for are registered."""
        card: ModelCard = self.registry().get("models", self.name)
        self.registry().get("modalities", card.modality)
        for kind, choice in (("schedules", card.schedule), ("predictions", card.prediction)):
            self.registry().bind(kind, Choice.model_validate(choice))()

    def _network(self) -> nn.Module:
        return _stirred(self.bound()(self.row, self.classes))

    def _answer(
        self,
        network: nn.Module,
        rows: slice = slice(None),
        time: float = 500.0,
        other: str = "",
        reads: Collection[str] | None = None,
    ) -> Tensor:
        x = torch.randn(2, *self.row, generator=draws())[rows]
        names = self.reads if reads is None else reads
        told = {name: self._condition(name, changed=name == other)[rows] for name in names}
        out: Tensor = network(x, torch.tensor(time), **told)
        return out

    def _condition(self, name: str, changed: bool) -> Tensor:
        if name == "label":
            return torch.tensor([0, self.classes if changed else 1])
        values = torch.randn(2, *self.reads[name], generator=draws())
        return values + 1 if changed else values


def _stirred(network: nn.Module) -> nn.Module:
    """Its parameters moved a little: layers that start at zero would hide what is behind them."""
    generator = draws()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))
    return network.eval()
