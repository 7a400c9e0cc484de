"""What making samples takes of memory, counted without making them, and what would take less."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..engine import Allocations, device_of, dtype_of, reusing_text
from ..nn.attending import using
from ..specs import EngineSpec, Request
from .windows import told_of

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
    """What the request needs, and what each setting would save of that, most first; crumbs are left out."""
    counting, engine = _Counting.of(pipeline, request), pipeline.spec.engine
    now = counting.need(engine)
    smaller = {
        f"engine.{name}={_written(value)}": counting.need(engine.model_copy(update={name: value}))
        for name, value in _SMALLER.items()
        if getattr(engine, name) != value and _possible(name, engine, counting)
    }
    if counting.frames > _FEW and engine.cache is None and not engine.graphs:  # which know no windows
        half = -(-counting.frames // 2)
        smaller[f"context.length={half}"] = replace(counting, frames=half).need(engine)
    saved = {name: now.total - need.total for name, need in smaller.items()}
    enough = [(name, most) for name, most in saved.items() if most > now.total * _CRUMB]
    return now, sorted(enough, key=lambda each: -each[1])


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


def _written(value: Any) -> str:
    """As YAML has it."""
    return str(value).lower()


_CRUMB = 0.01  # of all
_CLIP = 5  # dimensions of clips
_AT_ONCE = 8  # frames that an autoencoder of pictures is given
_FEW = 3  # frames, of which half are too few to move


@dataclass(frozen=True)
class _Counting:
    """A network and its decoder without numbers, and one sample's x and conditions, all on the meta device.

    samples: that are asked for. branches: that guidance asks. beside: numbers in the weights of what reads
    words and pictures. frames: that the network sees at once.
    """

    network: nn.Module
    decoder: Any
    x: Tensor
    conditions: Conditions
    samples: int
    branches: int
    beside: int
    frames: int

    @classmethod
    def of(cls, pipeline: "Pipeline", request: Request) -> "_Counting":
        """Of a pipeline and what is asked of it; what the first sample is told is read for that."""
        from .building import bare_extent

        one = request.part(slice(0, 1))
        begun = pipeline._begun(one)
        known = pipeline._asked(one, begun).conditions(False)["conditional"]
        bare, engine = bare_extent(pipeline.spec, pipeline.registry), pipeline.spec.engine
        network = bare.network.eval()
        frames = begun.x.shape[2] if begun.x.ndim == _CLIP else 1
        return cls(
            reusing_text(network) if engine.reuse_text and not engine.graphs else network,
            bare.autoencoder,
            begun.x.to("meta", torch.float32),
            {name: _single(value).to("meta") for name, value in known.items()},
            len(request.seeds),
            1 if pipeline.spec.guidance.name in ("none", "embedded") else 2,
            sum(_numbers(module) for module in _readers(pipeline)),
            min(pipeline.extent.window or frames, frames),
        )

    def need(self, engine: EngineSpec) -> Need:
        """With those settings."""
        dtype = dtype_of(engine.dtype, device_of(engine.device))
        rows = min(engine.batch, self.samples)
        asked, calls = (rows, self.branches) if engine.guidance == "apart" else (rows * self.branches, 1)
        weights = 0 if engine.offload else self._weights(dtype)
        return Need(weights, self._walking(asked, calls, dtype), self._decoding(rows, engine, dtype))

    def _weights(self, dtype: torch.dtype) -> int:
        own = (_numbers(self.network) + self.beside) * dtype.itemsize
        decoder = _format(self.decoder, dtype)
        return own + (0 if self.decoder is None else _numbers(self.decoder) * decoder.itemsize)

    def _walking(self, rows: int, calls: int, dtype: torch.dtype) -> int:
        """What was made of each call's text is kept while the next one works."""
        seen = torch.arange(self.frames, device="meta")
        x, told = self.x, self.conditions
        if x.ndim == _CLIP and self.frames < x.shape[2]:
            told = {name: told_of(name, value, seen, x.shape[2]) for name, value in told.items()}
            x = x[:, :, : self.frames]
        each = [{name: _rows(value, rows) for name, value in told.items()} for _ in range(calls)]
        x, t = _rows(x, rows), torch.empty((), device="meta")
        return _peak(lambda: [self.network(x, t, **known).shape for known in each], dtype)

    def _decoding(self, rows: int, engine: EngineSpec, dtype: torch.dtype) -> int:
        if self.decoder is None:
            return 0
        x = _rows(self.x, rows if engine.decode == "whole" else 1)
        if x.ndim == _CLIP:
            together = x.shape[2] if getattr(self.decoder, "temporal", False) else _AT_ONCE
            x = x[0].movedim(1, 0)[: engine.decode_frames or together]
        if engine.decode == "tiled":
            side = self.decoder.sample_size // self.decoder.factor
            x = x[..., :side, :side]
        return _peak(lambda: self.decoder.decode(x), _format(self.decoder, dtype))


def _readers(pipeline: "Pipeline") -> list[nn.Module]:
    """Whatever has weights beside the network and its autoencoder."""
    refiner = pipeline.refiner
    return [
        *pipeline.conditioners.values(),
        *([] if refiner is None else [refiner.network, *_readers(refiner)]),
    ]


def _format(decoder: Any, dtype: torch.dtype) -> torch.dtype:
    """What it runs in: one that bfloat16 is too coarse for stays in single precision."""
    fits = dtype == torch.float16 or not getattr(decoder, "needs_float32", False)
    return dtype if fits else torch.float32


def _peak(call: Any, dtype: torch.dtype) -> int:
    """Bytes that live at most at once while it runs, in numbers of that format."""
    counted = Allocations()
    with torch.no_grad(), using("outline"), counted:
        call()
    return counted.peak * dtype.itemsize // torch.float32.itemsize


def _rows(value: Tensor, rows: int) -> Tensor:
    return value.expand(rows, *value.shape[1:])


def _single(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value


def _numbers(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())
