"""The model that a spec and its data make together, or what keeps them apart."""

import torch

from .. import factory
from ..autoencoders import Autoencoder
from ..data import Data
from ..errors import SpecError
from ..pipeline import new_network
from ..pipeline.extent import Extent
from ..registry import Registry
from ..specs import ModelSpec, Request, TrainSpec

__all__ = ["begun", "matched"]

_COLOURS = 3
_CLIP = 4  # numbers in the shape of a clip


def begun(spec: TrainSpec) -> bool:
    """Whether it goes on from weights, and not from noise."""
    return spec.weights is not None or spec.model.weights is not None


def matched(spec: TrainSpec, data: Data, autoencoder: Autoencoder | None, registry: Registry) -> ModelSpec:
    """The model with shape and classes written down: the data's, or those that its weights know."""
    told_by_text = factory.conditioner_of(spec, registry) is not None
    shape, classes = data.shape, None if told_by_text else data.classes
    if begun(spec):
        shape, classes = _known(spec, data, autoencoder, registry)
    elif autoencoder is not None:
        shape = _small(data.shape, autoencoder)
    written = {"shape": shape, "classes": classes} | ({"fps": data.fps} if data.fps else {})
    return spec.model.model_copy(update=written)


def _known(
    spec: TrainSpec, data: Data, autoencoder: Autoencoder | None, registry: Registry
) -> tuple[tuple[int, ...], int | None]:
    """Shape and classes of a network that has weights; data with fewer classes take the first of them."""
    name, (shape, classes) = spec.model.name, factory.shape_of(spec.model, registry)
    with torch.device("meta"):
        network = new_network(spec.model, registry)
    extent = Extent(name, shape, network, autoencoder)
    if extent.extra_channels and "picture" not in factory.reads(spec, registry):
        what = f"{name} fills in masks, which training does not make; finetune a model without a mask"
        raise SpecError([f"model: {what}"])
    if data.shape[0] != extent.data_channels:
        what = f"data: {data.name} has {data.shape[0]} channels, {name} reads {extent.data_channels}"
        latent = autoencoder is None and extent.data_channels > _COLOURS
        how = "weights of the whole pipeline bring an autoencoder" if latent else "data.channels sets it"
        raise SpecError([f"{what}; {how}"])
    if classes is not None and (data.classes or 0) > classes:
        what = f"has {data.classes} classes, {name} knows {classes}"
        raise SpecError([f"data: {data.name} {what}: leave some out, or train a model without weights"])
    here = _laid(extent, data)
    # A transformer's places lie over the published shape; a U-Net has none, and makes what it learnt last.
    return shape if hasattr(network, "patch") else here, classes


def _laid(extent: Extent, data: Data) -> tuple[int, ...]:
    """The shape of the data in the network's space, if it can be one there."""
    height, width = data.shape[-2:]
    frames = data.shape[1] if len(data.shape) == _CLIP else None
    most = getattr(extent.network, "frames_max", None)
    if frames and most and frames > most:  # in training there are no windows
        raise SpecError([f"data.frames: {extent.name} learns from 1 to {most} at once, not from {frames}"])
    try:
        return extent.shape_of(Request(size=(height, width), frames=frames))
    except SpecError as error:
        raise SpecError([f"data.{fault}" for fault in error.faults]) from None


def _small(shape: tuple[int, ...], autoencoder: Autoencoder) -> tuple[int, ...]:
    """Latents of pictures of that shape."""
    if wrong := [side for side in shape[-2:] if side % autoencoder.factor]:
        raise SpecError([f"data.size: {wrong[0]} is no multiple of {autoencoder.factor}, as latents need it"])
    return (autoencoder.channels, *shape[1:-2], *(side // autoencoder.factor for side in shape[-2:]))
