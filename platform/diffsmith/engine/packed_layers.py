"""Convolutions and linear layers on packed weights, by the kernels that torch.compile uses, too."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, cast

import torch
from torch import Tensor, nn

from ..nn.video.temporal_resnet import TemporalConv

__all__ = [
    "PACKED",
    "PackedConv2d",
    "PackedLinear",
    "PackedTemporalConv",
    "can_pack",
    "pack",
    "unpack",
]


class Weights:
    """One layer's weight: plain until its first call, then packed for the shape that came last.

    Until then it stays where it lies and as it is there, in a file perhaps: what is not called is not read.
    """

    def __init__(self, plain: Tensor, dtype: torch.dtype) -> None:
        self._held, self._dtype, self._plain = plain, dtype, plain.shape
        self._shape: tuple[int, ...] = ()

    @property
    def nbytes(self) -> int:
        """Its size in bytes, packed."""
        return self._held.numel() * self._dtype.itemsize

    def plain(self) -> Tensor:
        """As the layer had it, in the format that it is packed in."""
        if not self._held.is_mkldnn:
            return self._held.to(self._dtype)
        return self._held.to_dense().view(self._plain)

    def packed(self, shape: tuple[int, ...], pack: Callable[[Tensor, tuple[int, ...]], Tensor]) -> Tensor:
        """As pack(plain, shape) lays it out."""
        if shape != self._shape:
            self._held, self._shape = pack(self.plain(), shape), shape
        return self._held

    def __deepcopy__(self, memo: dict[int, Any]) -> "Weights":
        return Weights(self.plain().clone(), self._dtype)


class PackedConv2d(nn.Conv2d):
    """A convolution whose answer is the plain one's, in channels-last order."""

    packed: Weights

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, out_channels, H', W']."""
        how = (self.padding, self.stride, self.dilation, self.groups)
        return _convolved(self.packed, x, self.bias, how)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        destination[prefix + "weight"] = self.packed.plain()
        super()._save_to_state_dict(destination, prefix, keep_vars)


class PackedTemporalConv(TemporalConv):
    """A convolution along frames whose answer is the plain one's, in channels-last order."""

    packed: Weights

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, F, N] to [B, out_channels, F, N], N pixels."""
        return _convolved(self.packed, x, self.bias, ((1, 0), (1, 1), (1, 1), 1))

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


PACKED: dict[type[nn.Module], type[nn.Module]] = {
    nn.Conv2d: PackedConv2d,
    nn.Linear: PackedLinear,
    TemporalConv: PackedTemporalConv,
}


def can_pack(layer: nn.Module, dtype: torch.dtype | None = None) -> bool:
    """Whether these kernels know the layer's weights, in that format or their own, on a CPU that has them."""
    if type(layer) not in PACKED or getattr(layer, "padding_mode", "zeros") != "zeros":
        return False
    weight, padding = layer._parameters.get("weight"), getattr(layer, "padding", ())
    if type(weight) is not nn.Parameter or not weight.is_floating_point() or isinstance(padding, str):
        return False
    return weight.is_cpu and (dtype or weight.dtype) in _formats()


@cache
def _formats() -> tuple[torch.dtype, ...]:
    """What the kernels multiply on this CPU; nothing where there are none."""
    if not _has_kernels():
        return ()
    short = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return (torch.float32, torch.bfloat16) if short else (torch.float32,)


def pack(layer: nn.Module, dtype: torch.dtype | None = None) -> None:
    """Make a layer its packed kind, in place, in that format from its first call on."""
    weight = cast(Tensor, layer._parameters.pop("weight")).detach()
    layer.__dict__["packed"] = Weights(weight, dtype or weight.dtype)
    layer.__class__ = PACKED[type(layer)]


def unpack(layer: nn.Module) -> None:
    """Make a packed layer its plain kind again, in place."""
    plain = {special: kind for kind, special in PACKED.items()}
    layer.weight = nn.Parameter(layer.__dict__.pop("packed").plain())
    layer.__class__ = plain[type(layer)]


def _convolved(weights: Weights, x: Tensor, bias: Tensor | None, how: tuple[Any, ...]) -> Tensor:
    """how: padding, stride, dilation, groups."""
    weight = weights.packed(tuple(x.shape), partial(_pack_conv, how))
    out: Tensor = torch.ops.mkldnn._convolution_pointwise(x, weight, bias, *how, "none", [], "")
    return out


def _pack_conv(how: tuple[Any, ...], plain: Tensor, shape: tuple[int, ...]) -> Tensor:
    lay: Any = torch._C._nn.mkldnn_reorder_conv2d_weight  # its stub knows one argument of six
    laid: Tensor = lay(plain.flatten(3).to_mkldnn(), *how, list(shape))
    return laid


def _pack_linear(plain: Tensor, shape: tuple[int, ...]) -> Tensor:
    laid: Tensor = torch.ops.mkldnn._reorder_linear_weight(plain, shape[0])
    return laid


def _has_kernels() -> bool:
    conv, linear = (
        hasattr(torch._C._nn, "mkldnn_reorder_conv2d_weight"),
        hasattr(torch.ops.mkldnn, "_linear_pointwise"),
    )
    return conv and linear and bool(torch._C._has_mkldnn)
