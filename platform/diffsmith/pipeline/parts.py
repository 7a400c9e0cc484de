"""What a pipeline is put together from: the network's weights, and everything beside it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from .. import factory
from ..autoencoders import Autoencoder, fitted_to_float16
from ..conditioning import Conditioner
from ..conditioning.encoders import formatted
from ..engine import Settings, device_of, dtype_of, prepared
from ..errors import FileFault
from ..interop.pipelines import opened
from ..registry import Registry
from ..specs import PartSpec, PipelineSpec
from ..weights.components import Component
from ..weights.networks import assign
from ..weights.opening import open_tensors
from ..weights.published import Source

if TYPE_CHECKING:
    from .alive import Pipeline

__all__ = ["Parts"]


@dataclass(frozen=True)
class Parts:
    """The parts that a spec names, each made when it is first asked for; paths are relative to `folder`."""

    spec: PipelineSpec
    registry: Registry
    folder: Path

    @cached_property
    def source(self) -> Source:
        """Where the pipeline's own weights lie."""
        return self._opened(self.spec.weights or "")

    @cached_property
    def network(self) -> Component:
        """The network's tensors: of a file of its own, or a part of what was published."""
        part = factory.card_of(self.spec.model, self.registry).part
        own = self.spec.model.weights or ("" if part else self.spec.weights)
        path = self.folder / Path(own or "").expanduser()
        if own and not path.is_dir() and (path.exists() or path.suffix) and not self._is_published():
            return Component(path, {}, open_tensors(path))
        part = part or next((each for each in _NETWORKS if self.source.class_of(each)), _NETWORKS[0])
        return _required(self.source, part)

    def _is_published(self) -> bool:
        """Whether the weights are laid out as others do, not as we write a network's own file."""
        if self.spec.model.weights:
            return False
        try:
            return any(self.source.class_of(part) for part in _NETWORKS)
        except FileFault:
            return False

    def beside(self) -> dict[str, Any]:
        """Everything beside the network, as fields of a Pipeline."""
        spec, registry = self.spec, self.registry
        autoencoder = factory.autoencoder_of(spec, registry)
        conditioner = factory.conditioner_of(spec, registry)
        return {
            "autoencoder": None if autoencoder is None else self._autoencoder(autoencoder),
            "conditioner": None if conditioner is None else self._conditioner(conditioner),
            "preview": None if spec.preview is None else self._autoencoder(spec.preview),
            "refiner": self._refiner(),
        }

    def _autoencoder(self, choice: PartSpec) -> Autoencoder:
        with torch.device("meta"):
            network: nn.Module = self.registry.bind("autoencoders", choice, "autoencoder")()
        if any(True for _ in network.parameters()):
            source = self.source if choice.weights is None else self._opened(choice.weights)
            found = _required(source, "vae")
            assign(network, found.tensors, found.where)
        ready: Autoencoder = self._ready(network)
        return ready

    def _ready(self, autoencoder: nn.Module) -> Any:
        """Placed; in a number format that holds what its own one would not, or not tell apart."""
        engine, dtype = self.spec.engine, self.spec.engine.dtype
        if getattr(autoencoder, "needs_float32", False):
            fits = self._dtype == torch.float16
            autoencoder = fitted_to_float16(autoencoder) if fits else autoencoder
            dtype = dtype if fits else "float32"
        layout = "channels_last" if engine.layout == "auto" else engine.layout
        chosen = Settings(device=engine.device, dtype=dtype, layout=layout, reuse_text=False, guard=False)
        return prepared(autoencoder, chosen)

    def _conditioner(self, choice: PartSpec) -> Conditioner:
        source = self.source if choice.weights is None else self._opened(choice.weights)
        made: Conditioner = self.registry.bind("conditioners", choice, "conditioner")(source.component)
        for encoder in made.encoders.values():
            formatted(encoder, self._dtype).to(self._device)
        return made

    def _refiner(self) -> "Pipeline | None":
        from .building import build

        return None if self.spec.refiner is None else build(self.spec.refiner, self.registry, self.folder)

    @cached_property
    def _device(self) -> torch.device:
        return device_of(self.spec.engine.device)

    @cached_property
    def _dtype(self) -> torch.dtype:
        return dtype_of(self.spec.engine.dtype, self._device)

    def _opened(self, weights: str) -> Source:
        there = self.folder / Path(weights).expanduser()
        return opened(str(there) if there.exists() else weights, self.registry, variant=self.spec.variant)


_NETWORKS = ("unet", "transformer")
"""The parts of published pipelines that answer."""


def _required(source: Source, part: str) -> Component:
    found = source.component(part)
    if found is None:
        raise FileFault(source.where, f"has no {part}, which this model needs")
    return found
