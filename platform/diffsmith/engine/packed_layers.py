"""Convolutions and linear layers on packed weights, by the kernels that torch.compile uses, too."""

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn

__all__ = ["PACKED", "PackedConv2d", "PackedLinear", "can_pack", "pack", "unpack"]


class Weights:
    """One layer's weight: plain until its first call, then packed for the shape that came last."""

    def __init__(self, plain: Tensor) -> None:
        self._held = plain
        self._shape: tuple[int, ...] = ()

    @property
    def nbytes(self) -> int:
        """Its size in bytes."""
        return self._held.numel() * self._held.element_size()

    def plain(self) -> Tensor:
        """As the layer had it."""
        return self._held.to_dense() if self._held.is_mkldnn else self._held

    def packed(self, shape: tuple[int, ...], pack: Callable[[Tensor, tuple[int, ...]], Tensor]) -> Tensor:
        """As pack(plain, shape) lays it out."""
        if shape != self._shape:
            self._held, self._shape = pack(self.plain(), shape), shape
        return self._held

    def __deepcopy__(self, memo: dict[int, Any]) -> "Weights":
        return Weights(self.plain().clone())


class PackedConv2d(nn.Conv2d):
    """A convolution whose answer is the plain one's, in channels-last order."""

    packed: Weights

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, out_channels, H', W']."""
        weight = self.packed.packed(tuple(x.shape), self._pack)
        how = (self.padding, self.stride, self.dilation, self.groups)
        out: Tensor = torch.ops.mkldnn._convolution_pointwise(x, weight, self.bias, *how, "none", [], "")
        return out

    def _pack(self, plain: Tensor, shape: tuple[int, ...]) -> Tensor:
        how = (self.padding, self.stride, self.dilation, self.groups)
        lay: Any = torch._C._nn.mkldnn_reorder_conv2d_weight  # its stub knows one argument of six
        laid: Tensor = lay(plain.to_mkldnn(), *how, list(shape))
        return laid

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        destination[prefix + "weight"] = self.packed.plain()
        super()._save_to_state_dict(destination, prefix, keep_vars)


class PackedLinear(nn.Linear):
    """A linear layer whose answer is the plain one's, to rounding."""

    packed: Weights

    def forward(self, x: Tensor) -> Tensor:
        """[..., in_features] to [..., out_features]."""
        weight = self.packed.packed((x.numel() // max(1, x.shape[-1]),), _pack_linear)
        out: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, self.bias, "none", [], "")
        return out

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        destination[prefix + "weight"] = self.packed.plain()
        super()._save_to_state_dict(destination, prefix, keep_vars)


PACKED: dict[type[nn.Module], type[nn.Module]] = {nn.Conv2d: PackedConv2d, nn.Linear: PackedLinear}


def can_pack(layer: nn.Module) -> bool:
    """Whether it is a layer whose weights these kernels know, on a CPU that has them."""
    if type(layer) not in PACKED or getattr(layer, "padding_mode", "zeros") != "zeros":
        return False
    weight, padding = cast(Tensor, layer.weight), getattr(layer, "padding", ())
    known = type(weight) in (nn.Parameter, Tensor) and weight.dtype in _formats()
    return known and weight.device.type == "cpu" and not isinstance(padding, str) and _has_kernels()


def _formats() -> tuple[torch.dtype, ...]:
    """What the kernels multiply on this CPU."""
    short = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return (torch.float32, torch.bfloat16) if short else (torch.float32,)


def pack(layer: nn.Module) -> None:
    """Make a layer its packed kind, in place."""
    weight = cast(Tensor, layer.weight).detach()
    del layer.weight
    layer.__dict__["packed"] = Weights(weight)
    layer.__class__ = PACKED[type(layer)]


def unpack(layer: nn.Module) -> None:
    """Make a packed layer its plain kind again, in place."""
    plain = {special: kind for kind, special in PACKED.items()}
    layer.weight = nn.Parameter(layer.__dict__.pop("packed").plain())
    layer.__class__ = plain[type(layer)]


def _pack_linear(plain: Tensor, shape: tuple[int, ...]) -> Tensor:
    laid: Tensor = torch.ops.mkldnn._reorder_linear_weight(plain, shape[0])
    return laid


def _has_kernels() -> bool:
    conv, linear = (
        hasattr(torch._C._nn, "mkldnn_reorder_conv2d_weight"),
        hasattr(torch.ops.mkldnn, "_linear_pointwise"),
    )
    return conv and linear and bool(torch._C._has_mkldnn)
