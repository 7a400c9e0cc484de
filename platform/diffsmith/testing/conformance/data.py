# ruff: noqa: S101 — a test is made of asserts
"""What data sets and metrics promise."""

from functools import cache
from typing import ClassVar

import torch

from ...cards import MetricCard
from ...data import Data
from ...metrics import Reference
from ...modality import Modality
from ...registry import Registry
from ...specs import Choice
from .shared import Conformance, draws, example_of

__all__ = ["DatasetConformance", "MetricConformance"]


class DatasetConformance(Conformance):
    """Data are shaped alike, told apart, and the same for the same seed."""

    kind = "datasets"

    def test_its_parts_are_of_one_kind(self) -> None:
        """One shape and type, finite, and labels that are classes."""
        data: Data = self.bound()()
        self.registry().get("modalities", data.modality)
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
    data: ClassVar[Choice | None] = None
    """Of the metric's modality; None takes the example of it."""
    samples: ClassVar[int] = 256

    def test_real_data_score_better_than_noise(self) -> None:
        """Finite scores, and training rows before random ones."""
        data, reference = self._compared()
        card: MetricCard = self.registry().get("metrics", self.name)
        real = data.train.x[: self.samples]
        noise = torch.rand(real.shape, generator=draws()) * 2 - 1
        scores = torch.tensor([self.bound()(x, reference) for x in (real, noise)])
        assert scores.isfinite().all()
        better = scores[0] < scores[1] if card.direction == "minimize" else scores[0] > scores[1]
        assert better, f"real data score {scores[0]:g}, noise {scores[1]:g}; {card.direction}"

    def test_scores_the_same_every_time(self) -> None:
        """Nothing is drawn at random."""
        data, reference = self._compared()
        x = data.validation.x[: self.samples]
        assert self.bound()(x, reference) == self.bound()(x, reference)

    def _compared(self) -> tuple[Data, Reference]:
        card: MetricCard = self.registry().get("metrics", self.name)
        data = self.data or Choice(name=example_of(card.modality).data)
        return _reference(data.model_dump_json(), self.registry())


@cache
def _reference(choice: str, registry: Registry) -> tuple[Data, Reference]:
    data: Data = registry.bind("datasets", Choice.model_validate_json(choice))()
    modality: Modality = registry.get("modalities", data.modality)
    return data, Reference(data.test, modality.embedder(data))
