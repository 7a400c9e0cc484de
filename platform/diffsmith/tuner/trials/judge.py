"""The judge of a sweep: metrics, and the held-out data they compare with."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle, islice
from typing import Any

import torch

from ...data import Data
from ...metrics import Metric, Reference, noise_floor
from ...modality import Modality
from ...pipeline import Pipeline, request_of
from ...registry import Registry
from ...samples import Sample
from ...specs import Choice, Request

__all__ = ["Judge", "data_of", "judge_of"]


@dataclass(frozen=True)
class Judge:
    """Scores samples against validation data, and once at the end against test data."""

    data: Data
    modality: Modality
    metrics: dict[str, Metric]
    validation: Reference
    test: Reference

    def labels(self, count: int) -> list[int] | None:
        """Classes to ask for: as they are in the validation data."""
        labels = self.data.validation.label
        return None if labels is None else list(islice(cycle(labels.tolist()), count))

    def request(self, pipeline: Pipeline, seeds: Sequence[int], labels: list[int] | None = None) -> Request:
        """As many samples of these classes, or of validation data's; by their names where text is read."""
        asked = self.labels(len(seeds)) if labels is None else labels
        if pipeline.conditioner is not None:
            return request_of(seeds=seeds, prompt=[self.data.class_names[label] for label in asked or ()])
        return request_of(None if pipeline.classes is None else asked, seeds=seeds)

    def scores(self, samples: Sequence[Sample], final: bool = False) -> dict[str, float]:
        """Every metric of the samples, against test data if `final`, else against validation data."""
        reference = self.test if final else self.validation
        made = self.modality.encode(torch.stack([sample.data for sample in samples]))
        return {name: metric(made, reference) for name, metric in self.metrics.items()}

    def floors(self, count: int, final: bool = False) -> dict[str, float]:
        """Every metric of as many real training samples: what a perfect model would score there."""
        real, held_out = self.data.train, self.test if final else self.validation
        return {name: noise_floor(metric, real, held_out, count) for name, metric in self.metrics.items()}


def data_of(choice: Choice, registry: Registry) -> Data:
    """The data set, loaded once a process."""
    return _data(choice.model_dump_json(), registry)


def judge_of(choice: Choice, metrics: tuple[str, ...], registry: Registry) -> Judge:
    """The judge for a data set, made once a process: its feature space may have to be trained."""
    return _judge(choice.model_dump_json(), metrics, registry)


@lru_cache(maxsize=2)
def _data(choice: str, registry: Registry) -> Data:
    data: Data = registry.bind("datasets", Choice.model_validate_json(choice), "data")()
    return data


@lru_cache(maxsize=2)
def _judge(choice: str, metrics: tuple[str, ...], registry: Registry) -> Judge:
    data = _data(choice, registry)
    modality: Any = registry.get("modalities", data.modality)
    bound = {name: registry.bind("metrics", Choice(name=name), "objectives") for name in metrics}
    embed = modality.embedder(data)
    return Judge(data, modality, bound, Reference(data.validation, embed), Reference(data.test, embed))
