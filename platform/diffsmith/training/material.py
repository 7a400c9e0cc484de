"""What a network learns from: data as it sees them, and what it is told of each row."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from .. import factory
from ..data import Data, Split
from ..engine import device_of
from ..errors import SpecError
from ..pipeline.parts import Parts
from ..registry import Registry
from ..specs import ModelSpec, TrainSpec
from .captions import captions_of
from .latents import latents_of
from .matching import matched
from .precision import format_of

__all__ = ["Material", "Prepared", "material_of", "preparing"]

T = TypeVar("T")
Told = Callable[[Tensor | None], dict[str, Tensor]]

_ON_DEVICE = 2**30
"""Bytes of rows that lie beside the network; of more, a batch is brought at a time."""


class Prepared(NamedTuple):
    """How far the work before the first step has come: `number` of `of` pictures or captions."""

    number: int
    of: int
    what: str


@dataclass(frozen=True)
class Material:
    """rows: x in the network's space, and labels. told: labels [B] -> the network's condition.

    nobody: the label that stands for no class, or no caption; None where nothing is told. model: with the
    shape and the classes written down.
    """

    rows: Split
    told: Told
    nobody: int | None
    model: ModelSpec
    device: torch.device

    def batch(self, index: Tensor) -> Split:
        """Some of the rows, on the device."""
        return _moved(self.rows.rows(index), self.device)


def material_of(spec: TrainSpec, data: Data, registry: Registry) -> Material:
    """What a network of that spec learns from the data."""
    work = preparing(spec, data, registry)
    while True:
        try:
            next(work)
        except StopIteration as done:
            material: Material = done.value
            return material


def preparing(spec: TrainSpec, data: Data, registry: Registry) -> Generator[Prepared, None, Material]:
    """The same, telling how far it has come: autoencoders and readers of captions take their time."""
    dtype, device = format_of(spec.train.precision, spec.engine.device), device_of(spec.engine.device)
    parts = Parts(spec, registry, Path())
    model = matched(spec, data, parts.autoencoder, registry)
    captions = _captions(data) if parts.conditioner is not None else ()
    x = yield from _small(spec, data.train, parts, device)
    told: Told = _labelled
    nobody = factory.shape_of(model, registry)[1]
    if parts.conditioner is not None:
        height, width = data.shape[1:]
        reading = captions_of(captions, parts.conditioner, (height, width), device, dtype)
        told, nobody = (yield from _counted(reading, len(captions), "captions read")), len(captions)
    rows = Split(x, data.train.label if nobody is not None else None)
    resident = _moved(rows, device) if x.nbytes <= _ON_DEVICE else rows
    return Material(resident, told, nobody, model, device)


def _small(
    spec: TrainSpec, rows: Split, parts: Parts, device: torch.device
) -> Generator[Prepared, None, Tensor]:
    """x as the network sees it."""
    choice = factory.autoencoder_of(spec, parts.registry)
    if parts.autoencoder is None or choice is None:
        return rows.x.float()
    made_by = choice.model_dump_json(exclude={"weights"})
    encoding = latents_of(rows, parts.autoencoder, made_by, device)
    return (yield from _counted(encoding, len(rows), "pictures encoded"))


def _counted(work: Generator[int, None, T], of: int, what: str) -> Generator[Prepared, None, T]:
    yield Prepared(0, of, what)
    while True:
        try:
            yield Prepared(next(work), of, what)
        except StopIteration as done:
            result: T = done.value
            return result


def _captions(data: Data) -> tuple[str, ...]:
    if not data.class_names:
        what = f"data: {data.name} has no captions, which this model reads"
        how = (
            "put a .txt file of its name beside each picture, or sort them into folders called what they show"
        )
        raise SpecError([f"{what}: {how}"])
    return data.class_names


def _labelled(label: Tensor | None) -> dict[str, Tensor]:
    return {} if label is None else {"label": label}


def _moved(rows: Split, device: torch.device) -> Split:
    return Split(rows.x.to(device), None if rows.label is None else rows.label.to(device))
