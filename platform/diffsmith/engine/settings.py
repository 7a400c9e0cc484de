"""What a person may choose about how a network runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import nn

__all__ = ["Attention", "Dtype", "Layout", "Quantize", "Settings"]

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
Layout = Literal["auto", "plain", "channels_last", "packed"]
Attention = Literal["auto", "sdpa", "sliced", "flex"]
Quantize = Literal["int8"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Choices about one network; "auto" is what was measured to be fastest there. docs/engine.md has figures.

    device, dtype: where, and in which number format. islands: dotted names of modules that count in float32
    whatever dtype is. layout: how weights lie in memory. attention: how it is
    computed. reuse_text: keys and values of a text once a walk. compile: each repeated block by
    torch.compile. graphs: record the GPU's work once, then replay it. offload: weights stay in the CPU's
    memory, and visit the GPU block by block. quantize: weights of linear layers in 8 bits. cache: features
    kept across steps, an approximation. guard: refuse NaN and Inf, and name the layer.
    """

    device: str = "auto"
    dtype: Dtype = "auto"
    islands: tuple[str, ...] = ()
    layout: Layout = "auto"
    attention: Attention = "auto"
    reuse_text: bool = True
    compile: bool = False
    graphs: bool = False
    offload: bool = False
    quantize: Quantize | None = None
    cache: Callable[[nn.Module], nn.Module] | None = None
    guard: bool = True
