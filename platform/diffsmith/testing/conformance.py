# ruff: noqa: S101 — a test is made of asserts
"""Suites that show whether a registered thing keeps the promises of its kind; pytest runs them.

A subclass of three lines tests one thing::

    class TestMine(ModelConformance):
        name = "mine"

and `globals().update(suites(plugin="mine"))` all that a plugin brings.
"""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ..cards import MetricCard, ModelCard
from ..data import Data
from ..diffusion import levels, schedules
from ..diffusion.denoiser import Denoise
from ..diffusion.estimates import heun
from ..diffusion.noise import seeded
from ..diffusion.trajectory import Estimate, Frame, trajectory
from ..metrics import Reference
from ..modality import Modality
from ..registry import default_registry
from ..samples import Sample
from ..specs import Choice
from ..weights.networks import fill
from ..weights.tensors import load_tensors, save_tensors
from .mixture import three_blobs

__all__ = [
    "DatasetConformance",
    "EstimateConformance",
    "MetricConformance",
    "ModalityConformance",
    "ModelConformance",
    "SpacingConformance",
    "suites",
]


class Conformance:
    """What all suites share. `options` are those that have no default, or that make the thing small."""

    kind: ClassVar[str]
    name: ClassVar[str]
    options: ClassVar[dict[str, Any]] = {}

    def bound(self) -> Callable[..., Any]:
        """The function under test, with its options."""
        return default_registry().bind(self.kind, Choice(name=self.name, **self.options))


class ModelConformance(Conformance):
    """A network answers in its input's shape, learns everywhere, and is all in its weights."""

    kind = "models"
    shape: ClassVar[tuple[int, ...]] = (1, 8, 8)
    classes: ClassVar[int] = 3

    def test_answers_in_the_shape_of_its_input(self) -> None:
        """One answer a row, finite."""
        out = self._answer(self._network())
        assert out.shape == (2, *self.shape)
        assert out.isfinite().all()

    def test_a_row_does_not_hear_of_the_others(self) -> None:
        """A row alone gets the answer it gets in a batch."""
        network = self._network()
        torch.testing.assert_close(self._answer(network, slice(1)), self._answer(network)[:1])

    def test_answers_the_same_when_asked_again(self) -> None:
        """Evaluation draws nothing at random."""
        network = self._network()
        assert torch.equal(self._answer(network), self._answer(network))

    def test_hears_the_time_and_the_class(self) -> None:
        """Another time or another class is another answer; "no class" is one more class."""
        network, base = self._network(), self._answer(self._network())
        assert not torch.equal(base, self._answer(network, time=7.0))
        assert not torch.equal(base, self._answer(network, label=self.classes))

    def test_works_without_classes(self) -> None:
        """Data without labels need no label."""
        network = _stirred(self.bound()(self.shape, None))
        x = torch.randn(2, *self.shape, generator=_generator())
        assert network(x, torch.tensor(500.0), None).shape == x.shape

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
            again = fill(self.bound()(self.shape, self.classes), load_tensors(path)[0], path)
        assert torch.equal(self._answer(again.eval()), self._answer(network))

    def test_its_card_names_what_exists(self) -> None:
        """The modality, schedule and prediction it asks for are registered."""
        card: ModelCard = default_registry().get("models", self.name)
        default_registry().get("modalities", card.modality)
        for kind, choice in (("schedules", card.schedule), ("predictions", card.prediction)):
            default_registry().bind(kind, Choice.model_validate(choice))()

    def _network(self) -> nn.Module:
        return _stirred(self.bound()(self.shape, self.classes))

    def _answer(
        self, network: nn.Module, rows: slice = slice(None), time: float = 500.0, label: int = 1
    ) -> Tensor:
        x = torch.randn(2, *self.shape, generator=_generator())[rows]
        out: Tensor = network(x, torch.tensor(time), torch.tensor([0, label])[rows])
        return out


class EstimateConformance(Conformance):
    """An estimate solves the probability-flow ODE, better in more steps."""

    kind = "estimates"

    def test_is_exact_where_the_clean_estimate_never_changes(self) -> None:
        """Then the way is known in closed form, on every path."""
        clean = torch.tensor([[0.5, -2.0]], dtype=torch.float64)
        for path in (levels.vp, levels.ve, levels.flow):
            frames = _walk(self.bound(), lambda x, level: clean, path, _grid(6))
            start, first = _start(path, _grid(6)), path(_grid(6)[0])
            for frame in frames:
                torch.testing.assert_close(frame.x, levels.carry(start, clean, first, frame.level))

    def test_stays_finite_from_pure_noise(self) -> None:
        """Where alpha is 0, as at the start of a flow."""
        grid = torch.cat([torch.tensor([-torch.inf], dtype=torch.float64), _grid(5)])
        for frame in _walk(self.bound(), three_blobs().denoise, levels.flow, grid):
            assert frame.x.isfinite().all()

    def test_converges(self) -> None:
        """More steps come closer to where Heun's many small ones lead, for a mixture of Gaussians."""
        exact = self._end(heun, 512)
        errors = [(self._end(self.bound(), steps) - exact).abs().max() for steps in (8, 16, 32)]
        assert errors[0] > errors[1] > errors[2]
        assert errors[2] < errors[0] / 3

    def _end(self, estimate: Estimate, steps: int) -> Tensor:
        """Before the last jump to no noise at all, which every estimate makes alike."""
        return _walk(estimate, three_blobs().denoise, levels.vp, _grid(steps))[-2].x


class SpacingConformance(Conformance):
    """A spacing goes from noise to clean, one level after the other."""

    kind = "spacings"
    steps: ClassVar[tuple[int, ...]] = (1, 2, 7, 50)

    def test_visits_that_many_levels_in_order_and_ends_clean(self) -> None:
        """steps + 1 log-SNRs, each above the one before, the last +inf; on any schedule."""
        for schedule in (schedules.vp(), schedules.flow(), schedules.ve(), schedules.edm()):
            for steps in self.steps:
                visited = self.bound()(schedule, steps)
                assert visited.shape == (steps + 1,)
                assert visited.dtype == torch.float64
                assert visited[-1] == torch.inf
                assert visited[:-1].isfinite().all() or visited[0] == -torch.inf
                assert (visited.diff() > 0).all()


class DatasetConformance(Conformance):
    """Data are shaped alike, told apart, and the same for the same seed."""

    kind = "datasets"

    def test_its_parts_are_of_one_kind(self) -> None:
        """One shape and type, finite, and labels that are classes."""
        data: Data = self.bound()()
        default_registry().get("modalities", data.modality)
        for part in (data.train, data.validation, data.test):
            assert tuple(part.x.shape[1:]) == data.shape
            assert part.x.dtype == torch.float32
            assert part.x.isfinite().all()
            assert len(part) > 0
            assert (part.label is None) == (data.classes is None)
            if part.label is not None:
                assert len(part.label) == len(part.x)
                assert 0 <= part.label.min() <= part.label.max() < (data.classes or 0)

    def test_what_is_tested_on_was_never_trained_on(self) -> None:
        """No row stands in two parts."""
        data: Data = self.bound()()
        parts = (data.train, data.validation, data.test)
        train, validation, test = ({row.numpy().tobytes() for row in part.x} for part in parts)
        assert not train & validation
        assert not train & test
        assert not validation & test

    def test_is_the_same_every_time(self) -> None:
        """The options alone decide."""
        one, other = self.bound()(), self.bound()()
        assert torch.equal(one.train.x, other.train.x)
        assert torch.equal(one.test.x, other.test.x)


class MetricConformance(Conformance):
    """A metric tells real data from noise, in the direction it says."""

    kind = "metrics"
    data: ClassVar[Choice] = Choice(name="digits")
    samples: ClassVar[int] = 256

    def test_real_data_score_better_than_noise(self) -> None:
        """Finite scores, and training rows before random ones."""
        data, reference = _reference(self.data.model_dump_json())
        card: MetricCard = default_registry().get("metrics", self.name)
        real = data.train.x[: self.samples]
        noise = torch.rand(real.shape, generator=_generator()) * 2 - 1
        scores = torch.tensor([self.bound()(x, reference) for x in (real, noise)])
        assert scores.isfinite().all()
        better = scores[0] < scores[1] if card.direction == "minimize" else scores[0] > scores[1]
        assert better, f"real data score {scores[0]:g}, noise {scores[1]:g}; {card.direction}"

    def test_scores_the_same_every_time(self) -> None:
        """Nothing is drawn at random."""
        data, reference = _reference(self.data.model_dump_json())
        x = data.validation.x[: self.samples]
        assert self.bound()(x, reference) == self.bound()(x, reference)


class ModalityConformance:
    """A modality shows what the network made, in every kind of file it names."""

    name: ClassVar[str]
    shape: ClassVar[tuple[int, ...]] = (1, 8, 8)
    tolerance: ClassVar[float] = 0.01

    @property
    def modality(self) -> Modality:
        """The modality under test."""
        found: Modality = default_registry().get("modalities", self.name)
        return found

    def test_what_is_decoded_can_be_encoded_again(self) -> None:
        """To about the same."""
        x = self._x()
        again = self.modality.encode(self.modality.decode(x))
        torch.testing.assert_close(again, x, atol=self.tolerance, rtol=0)

    def test_writes_every_kind_of_file_it_names(self, tmp_path: Path) -> None:
        """And each has something in it."""
        for suffix in self.modality.suffixes:
            path = self._samples()[0].save(tmp_path / f"sample{suffix}")
            assert path.stat().st_size > 0

    def test_shows_samples_on_a_sheet(self, tmp_path: Path) -> None:
        """A picture, however many they are."""
        for count in (1, 3):
            path = tmp_path / f"{count}.png"
            self.modality.sheet(self._samples()[:count], path)
            assert path.read_bytes().startswith(b"\x89PNG")

    def test_its_metrics_exist(self) -> None:
        """Those a sweep scores with."""
        for metric in self.modality.metrics:
            default_registry().get("metrics", metric)

    def _x(self) -> Tensor:
        return torch.rand(3, *self.shape, generator=_generator()) * 1.8 - 0.9

    def _samples(self) -> list[Sample]:
        data = self.modality.decode(self._x())
        return [Sample(data[row], self.modality, {}, seed=row, label=row) for row in range(len(data))]


SUITES: dict[str, type] = {
    "models": ModelConformance,
    "estimates": EstimateConformance,
    "spacings": SpacingConformance,
    "datasets": DatasetConformance,
    "metrics": MetricConformance,
    "modalities": ModalityConformance,
}


def suites(plugin: str | None = None, **facts: dict[str, Any]) -> dict[str, type]:
    """A test class for everything registered, or for what one plugin brings.

    `facts` gives attributes to the class of the thing of that name: `mine={"options": {"path": "x"}}`.
    """
    registry = default_registry()
    return {
        f"Test_{kind}_{name}": type(f"Test_{kind}_{name}", (suite,), {"name": name, **facts.get(name, {})})
        for kind, suite in SUITES.items()
        for name in registry.names(kind)
        if plugin in {None, registry.owner(kind, name)}
    }


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _stirred(network: nn.Module) -> nn.Module:
    """Its parameters moved a little: layers that start at zero would hide what is behind them."""
    generator = _generator()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))
    return network.eval()


def _grid(steps: int) -> Tensor:
    """Even log-SNRs from much noise to little, and then none."""
    return torch.cat([torch.linspace(-3, 3, steps, dtype=torch.float64), torch.tensor([torch.inf])])


def _walk(estimate: Estimate, denoise: Denoise, path: levels.Path, grid: Tensor) -> list[Frame]:
    start = _start(path, grid)
    return list(trajectory(denoise, start, path, grid, seeded(range(1)), estimate=estimate))


def _start(path: levels.Path, grid: Tensor) -> Tensor:
    here = path(grid[0])
    return here.sigma * torch.randn(1, 2, generator=_generator(), dtype=torch.float64)


@cache
def _reference(choice: str) -> tuple[Data, Reference]:
    registry = default_registry()
    data: Data = registry.bind("datasets", Choice.model_validate_json(choice))()
    modality: Modality = registry.get("modalities", data.modality)
    return data, Reference(data.test, modality.embedder(data))
