"""What making samples takes of memory, counted without making them, and what would take less."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from .. import factory
from ..engine import Allocations, device_of, dtype_of
from ..nn.attending import using
from ..specs import EngineSpec, Request
from ..weights.blank import blank

if TYPE_CHECKING:
    from .alive import Pipeline

__all__ = ["Need", "need", "savings"]

Conditions = Mapping[str, Tensor]


@dataclass(frozen=True)
class Need:
    """Bytes: of the weights, and of what is computed on the way, in a step of the walk and in decoding."""

    weights: int
    walking: int
    decoding: int

    @property
    def total(self) -> int:
        """At the worst moment."""
        return self.weights + max(self.walking, self.decoding)


def savings(pipeline: "Pipeline", request: Request) -> tuple[Need, list[tuple[str, int]]]:
    """What the request needs, and what each setting would save of that, most first."""
    counting = _Counting.of(pipeline, request)
    now, engine = counting.need(pipeline.spec.engine), pipeline.spec.engine
    saved = {
        f"engine.{name}={value}": now.total - counting.need(engine.model_copy(update={name: value})).total
        for name, value in _SMALLER.items()
        if getattr(engine, name) != value and _possible(name, engine, counting)
    }
    return now, sorted(((name, most) for name, most in saved.items() if most > 0), key=lambda each: -each[1])


def need(pipeline: "Pipeline", request: Request) -> Need:
    """What the request needs with the pipeline's own engine."""
    return _Counting.of(pipeline, request).need(pipeline.spec.engine)


_SMALLER: dict[str, Any] = {
    "dtype": "bfloat16",
    "batch": 1,
    "guidance": "apart",
    "decode": "tiled",
    "decode_frames": 1,
    "offload": True,
}


def _possible(name: str, engine: EngineSpec, counting: "_Counting") -> bool:
    if name == "offload":
        return device_of(engine.device).type != "cpu"
    return name != "decode_frames" or counting.x.ndim == _CLIP


_CLIP = 5  # dimensions of clips


@dataclass(frozen=True)
class _Counting:
    """A network and its decoder without numbers, and one sample's x and conditions, all on the meta device.

    weights: bytes of the network's, and of all that stands beside it. branches: that guidance asks.
    """

    network: nn.Module
    decoder: Any
    x: Tensor
    conditions: Conditions
    samples: int
    branches: int
    weights: tuple[int, int]

    @classmethod
    def of(cls, pipeline: "Pipeline", request: Request) -> "_Counting":
        """Of a pipeline and what is asked of it; its encoders read the first sample's words."""
        from .building import new_network

        one = request.part(slice(0, 1))
        x = torch.empty(1, *pipeline.extent.shape_of(one))
        known = pipeline._conditions(one, x.to(pipeline.device))(False)["conditional"]
        with blank():
            network = new_network(pipeline.spec.model, pipeline.registry)
            choice = factory.autoencoder_of(pipeline.spec, pipeline.registry)
            bind = pipeline.registry.bind
            decoder = None if choice is None else bind("autoencoders", choice, "autoencoder")()
        beside = [*pipeline.conditioners.values(), *([] if decoder is None else [decoder])]
        window = pipeline.extent.window or x.shape[2]
        shown = x[:, :, :window] if x.ndim == _CLIP else x
        return cls(
            network.eval(),
            decoder,
            shown.to("meta"),
            {name: _shorter(value, x, shown).to("meta") for name, value in known.items()},
            len(request.seeds),
            1 if pipeline.spec.guidance.name in ("none", "embedded") else 2,
            (_numbers(network), sum(_numbers(module) for module in beside)),
        )

    def need(self, engine: EngineSpec) -> Need:
        """With those settings."""
        dtype = dtype_of(engine.dtype, device_of(engine.device))
        own, beside = (numbers * dtype.itemsize for numbers in self.weights)
        rows = min(engine.batch, self.samples)
        walking = self._walking(rows * (1 if engine.guidance == "apart" else self.branches), dtype)
        decoding = (
            0
            if self.decoder is None
            else self._decoding(engine, dtype)
            * (1 if self.x.ndim == _CLIP or engine.decode != "whole" else rows)
        )
        return Need(0 if engine.offload else own + beside, walking, decoding)

    def _walking(self, rows: int, dtype: torch.dtype) -> int:
        told = {name: value.expand(rows, *value.shape[1:]) for name, value in self.conditions.items()}
        x = self.x.expand(rows, *self.x.shape[1:])
        return _peak(lambda: self.network(x, torch.empty((), device="meta"), **told), dtype)

    def _decoding(self, engine: EngineSpec, dtype: torch.dtype) -> int:
        x = self.x
        if x.ndim == _CLIP:
            temporal = getattr(self.decoder, "temporal", False)
            x = x[0].movedim(1, 0)[: engine.decode_frames or (len(x[0, 0]) if temporal else 8)]
        if engine.decode == "tiled":
            side = self.decoder.sample_size // self.decoder.factor
            x = x[..., :side, :side]
        return _peak(lambda: self.decoder.decode(x), dtype)


def _peak(call: Any, dtype: torch.dtype) -> int:
    """Bytes that live at most at once while it runs, in numbers of that format."""
    counted = Allocations()
    with torch.no_grad(), using("outline"), counted:
        call()
    return counted.peak * dtype.itemsize // torch.float32.itemsize


def _shorter(value: Tensor, x: Tensor, shown: Tensor) -> Tensor:
    """What is told of each frame, of those that the network sees at once."""
    if x.ndim < _CLIP or value.ndim < 3 or x.shape[2] not in value.shape[1:3]:
        return value.float() if value.is_floating_point() else value
    axis = 2 if value.shape[2] == x.shape[2] else 1
    return value.narrow(axis, 0, shown.shape[2]).float()


def _numbers(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())
