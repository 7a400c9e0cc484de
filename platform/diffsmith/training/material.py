"""What a network learns from: data as it sees them, and what it is told of each row."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from .. import factory
from ..conditioning import Wanted
from ..data import Data, Split
from ..engine import device_of
from ..errors import SpecError
from ..pipeline.coding import Coding
from ..pipeline.parts import Parts
from ..registry import Registry
from ..specs import ModelSpec, TrainSpec
from .conditions import captions_of, pictures_of
from .latents import latents_of
from .matching import matched
from .precision import format_of

__all__ = ["Material", "Prepared", "material_of", "preparing"]

T = TypeVar("T")
_CLIP = 4  # numbers in the shape of a clip
Telling = Callable[[Tensor | None], dict[str, Tensor]]

_ON_DEVICE = 2**30
"""Bytes of rows that lie beside the network; of more, a batch is brought at a time."""


class Prepared(NamedTuple):
    """How far the work before the first step has come: `number` of `of` pictures, clips or captions."""

    number: int
    of: int
    what: str


@dataclass(frozen=True)
class Material:
    """rows: x in the network's space, and labels. told: labels [B] -> the network's condition.

    instead: labels -> those that stand for no class, or no caption; None where nothing is told. model: with
    the shape and the classes written down.
    """

    rows: Split
    told: Telling
    instead: Callable[[Tensor], Tensor] | None
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
    reads = factory.reads(spec, registry)
    captions = _captions(data) if "text" in reads else ()
    x = yield from _small(spec, data.train, parts, device)
    told: Telling = _labelled
    label, instead = data.train.label, _nobody(factory.shape_of(model, registry)[1])
    if parts.conditioner is not None and "picture" in reads:
        reading = pictures_of(len(x), _shown(data, captions, parts, device), parts.conditioner, device, dtype)
        told = yield from _counted(reading, len(x), "first pictures read")
        label, instead = torch.arange(len(x)), partial(torch.add, len(x))
    elif parts.conditioner is not None:
        reading = captions_of(captions, parts.conditioner, _sized(data), device, dtype)
        told, instead = (yield from _counted(reading, len(captions), "captions read")), _nobody(len(captions))
    rows = Split(x, label if instead is not None else None)
    resident = _moved(rows, device) if x.nbytes <= _ON_DEVICE else rows
    return Material(resident, told, instead, model, device)


def _nobody(label: int | None) -> Callable[[Tensor], Tensor] | None:
    """The same label instead of every other."""
    return None if label is None else lambda labels: torch.full_like(labels, label)


def _sized(data: Data) -> Wanted:
    """What is the same for all rows."""
    height, width = data.shape[-2:]
    frames = data.shape[1] if len(data.shape) == _CLIP else 1
    return Wanted(("",), None, (height, width), frames, data.fps or Wanted.fps)


def _shown(
    data: Data, captions: tuple[str, ...], parts: Parts, device: torch.device
) -> Callable[[int], Wanted]:
    """row -> what a conditioner looks at: its caption and its first picture."""
    engine, sized = parts.spec.engine, _sized(data)
    coding = Coding(parts.registry.get("modalities", data.modality), parts.autoencoder, None, engine)
    generator = torch.Generator().manual_seed(
        parts.spec.train.seed if isinstance(parts.spec, TrainSpec) else 0
    )

    def wanted(number: int) -> Wanted:
        row = data.train.rows(slice(number, number + 1))
        first = (row.x[:, :, 0] if row.x.ndim > _CLIP else row.x).to(device)
        said = captions[int(row.label)] if captions and row.label is not None else ""
        return replace(
            sized,
            prompts=(said,),
            original=first,
            picture=first,
            encode=coding.encoded,
            raw=coding.raw,
            noise=lambda like: torch.randn(like.shape, generator=generator).to(like),
        )

    return wanted


def _small(
    spec: TrainSpec, rows: Split, parts: Parts, device: torch.device
) -> Generator[Prepared, None, Tensor]:
    """x as the network sees it."""
    choice = factory.autoencoder_of(spec, parts.registry)
    if parts.autoencoder is None or choice is None:
        return rows.x.float()
    made_by = choice.model_dump_json(exclude={"weights"})
    encoding = latents_of(rows, parts.autoencoder, made_by, device)
    what = "clips" if rows.rows(slice(0, 1)).x.ndim > _CLIP else "pictures"
    return (yield from _counted(encoding, len(rows), f"{what} encoded"))


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
