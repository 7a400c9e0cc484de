"""The judge of a sweep: metrics, and the held-out data they compare with."""

from collections.abc import Iterator, Sequence
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
from .shown import first_picture

_CLIP = 4  # numbers in the shape of a clip

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

    @property
    def frames(self) -> int | None:
        """How many a clip of the data has; pictures have none."""
        return self.data.shape[1] if len(self.data.shape) == _CLIP else None

    def requests(
        self, pipeline: Pipeline, seeds: Sequence[int], labels: list[int] | None = None
    ) -> Iterator[Request]:
        """As many samples of these classes, or of validation data's; by their names where text is read.

        All at once; but where a model makes clips of pictures, one after the other: of the first pictures of
        validation's clips, whatever classes were wanted.
        """
        asked = self.labels(len(seeds)) if labels is None else labels
        if "picture" in pipeline.reads:
            yield from (self._moving(pipeline, seed, row) for row, seed in enumerate(seeds))
        elif pipeline.conditioner is not None:
            names = [self.data.class_names[label] for label in asked or ()]
            yield request_of(seeds=seeds, prompt=names, frames=self.frames)
        else:
            wanted = None if pipeline.classes is None else asked
            yield request_of(wanted, seeds=seeds, frames=self.frames)

    def _moving(self, pipeline: Pipeline, seed: int, row: int) -> Request:
        """A clip of a held-out one's first picture, and of what is said of it."""
        place = row % len(self.data.validation)
        held_out = self.data.validation.rows(slice(place, place + 1))
        first = first_picture(held_out.x[0])
        said = None
        if "text" in pipeline.reads and held_out.label is not None:
            said = self.data.class_names[int(held_out.label)]
        return request_of(seeds=[seed], prompt=said, image=first, frames=self.frames)

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
