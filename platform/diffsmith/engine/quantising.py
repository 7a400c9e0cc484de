"""Linear layers whose weights are 8-bit integers."""

from typing import Literal

from torch import nn

from ..errors import SpecError
from ..quiet import quietly

__all__ = ["quantised"]


def quantised(network: nn.Module, kind: Literal["int8"] = "int8", smallest: int = 2**14) -> nn.Module:
    """The network with 8-bit weights in its linear layers, each row with a scale of its own (torchao).

    A quarter of float32's memory, half of bfloat16's. Lossy: docs/engine.md has the measured error. Layers of
    fewer than `smallest` weights stay as they are. A SpecError says how to install torchao.
    """
    try:
        with quietly():
            from torchao.quantization import Int8WeightOnlyConfig, quantize_  # type: ignore[import-untyped]
    except ImportError:
        told = "needs torchao, which is not installed: pip install 'diffsmith[quantize]'"
        raise SpecError([f"engine.quantize: {kind} {told}"]) from None

    def chosen(layer: nn.Module, name: str) -> bool:
        return type(layer) is nn.Linear and layer.weight.numel() >= smallest

    quantize_(network, Int8WeightOnlyConfig(), chosen)
    return network
