"""What a pipeline is put together from: the network's weights, and everything beside it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from .. import factory
from ..autoencoders import Autoencoder, fitted_to_float16
from ..conditioning import Conditioner
from ..conditioning.encoders import formatted
from ..engine import Settings, device_of, dtype_of, settled
from ..errors import FileFault
from ..interop.pipelines import opened
from ..registry import Registry
from ..specs import PartSpec, PipelineSpec
from ..weights.blank import blank
from ..weights.components import Component
from ..weights.networks import assign
from ..weights.opening import open_tensors
from ..weights.published import Source
from ..weights.sources import AUTOENCODERS, NETWORKS, PARTS, READERS
from .adapting import adapted

if TYPE_CHECKING:
    from .alive import Pipeline

__all__ = ["Parts"]


@dataclass(frozen=True)
class Parts:
    """The parts that a spec names, each made when it is first asked for; paths are relative to `folder`.

    found: the spec's own weights, where they are open already.
    """

    spec: PipelineSpec
    registry: Registry
    folder: Path
    found: Source | None = None

    @cached_property
    def source(self) -> Source:
        """Where the pipeline's own weights lie."""
        weights = self.spec.weights or ""
        return self._opened(weights) if self.found is None else replace(self.found, name=weights)

    @property
    def name(self) -> str:
        """The weights that were opened as a spec writes them, a repository's with its commit."""
        opened_one: Source | None = self.__dict__.get("source")
        return "" if opened_one is None else opened_one.name

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed of the weights that were opened, because their files do not tell it."""
        opened_one: Source | None = self.__dict__.get("source")
        return () if opened_one is None else opened_one.notes

    @cached_property
    def network(self) -> Component:
        """The network's tensors: of a file of its own, or a part of what was published; adapters in them."""
        return adapted(self._bare, self.spec.adapters, self.registry, self.folder)

    @property
    def _bare(self) -> Component:
        part = factory.card_of(self.spec.model, self.registry).part
        own = self.spec.model.weights or ("" if part else self.spec.weights)
        path = self.folder / Path(own or "").expanduser()
        if own and not path.is_dir() and (path.exists() or path.suffix) and not self._is_published():
            return Component(path, {}, open_tensors(path))
        return _required(self.source, self.part)

    @property
    def part(self) -> str:
        """The published network's folder."""
        own = factory.card_of(self.spec.model, self.registry).part
        return own or next((each for each in NETWORKS if self.source.class_of(each)), NETWORKS[0])

    def _is_published(self) -> bool:
        """Whether the weights are laid out as others do, not as we write a network's own file."""
        if self.spec.model.weights:
            return False
        try:
            return any(self.source.class_of(part) for part in NETWORKS)
        except FileFault:
            return False

    @cached_property
    def autoencoder(self) -> Autoencoder | None:
        """What makes data small for the network, if anything does."""
        choice = factory.autoencoder_of(self.spec, self.registry)
        return None if choice is None else self._autoencoder(choice)

    @cached_property
    def conditioner(self) -> Conditioner | None:
        """What reads prompts, if anything does."""
        choice = factory.conditioner_of(self.spec, self.registry)
        return None if choice is None else self._conditioner(choice)

    def beside(self) -> dict[str, Any]:
        """Everything beside the network, as fields of a Pipeline."""
        preview = self.spec.preview
        return {
            "autoencoder": self.autoencoder,
            "conditioner": self.conditioner,
            "preview": None if preview is None else self._autoencoder(preview),
            "refiner": self._refiner(),
            "parts": self,
        }

    def _autoencoder(self, choice: PartSpec) -> Autoencoder:
        with blank():
            network: nn.Module = self.registry.bind("autoencoders", choice, "autoencoder")()
        if any(True for _ in network.parameters()):
            found = self._weights_of(choice)
            assign(network, found.tensors, found.where)
        ready: Autoencoder = self._ready(network)
        return ready

    @property
    def autoencoder_weights(self) -> Component | None:
        """The autoencoder's tensors, as they were published."""
        choice = factory.autoencoder_of(self.spec, self.registry)
        return None if choice is None else self._weights_of(choice)

    def _weights_of(self, choice: PartSpec) -> Component:
        source = self.source if choice.weights is None else self._opened(choice.weights, AUTOENCODERS)
        return _required(source, "vae")

    def _ready(self, autoencoder: nn.Module) -> Any:
        """Placed; in a number format that holds what its own one would not, or not tell apart."""
        engine, dtype = self.spec.engine, self.spec.engine.dtype
        if getattr(autoencoder, "needs_float32", False):
            fits = self._dtype == torch.float16
            autoencoder = fitted_to_float16(autoencoder) if fits else autoencoder
            dtype = dtype if fits else "float32"
        tiles = engine.layout == "auto" and engine.decode == "tiled"  # of several sizes: nothing to pack for
        layout = "channels_last" if tiles else engine.layout
        return settled(autoencoder, Settings(device=engine.device, dtype=dtype, layout=layout))

    def _conditioner(self, choice: PartSpec) -> Conditioner:
        source = self.source if choice.weights is None else self._opened(choice.weights, READERS)
        made: Conditioner = self.registry.bind("conditioners", choice, "conditioner")(source.component)
        for encoder in made.encoders.values():
            formatted(encoder, self._dtype)
            if self._device.type != "cpu":  # where it is, and to look at all of it again takes a while
                encoder.to(self._device)
        return made

    def _refiner(self) -> "Pipeline | None":
        from .building import build

        spec = factory.refiner_of(self.spec)
        return None if spec is None else build(spec, self.registry, self.folder)

    @cached_property
    def _device(self) -> torch.device:
        return device_of(self.spec.engine.device)

    @cached_property
    def _dtype(self) -> torch.dtype:
        return dtype_of(self.spec.engine.dtype, self._device)

    def _opened(self, weights: str, parts: Collection[str] = PARTS) -> Source:
        there = self.folder / Path(weights).expanduser()
        place = str(there) if there.exists() else weights
        return opened(place, self.registry, variant=self.spec.variant, parts=parts)


def _required(source: Source, part: str) -> Component:
    found = source.component(part)
    if found is None:
        raise FileFault(source.where, f"has no {part}, which this model needs")
    return found
