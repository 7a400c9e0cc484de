"""Devices and number formats."""

import torch
from torch import nn

from ..errors import SpecError

__all__ = ["device_of", "dtype_of", "placed", "stilled"]


def device_of(name: str) -> torch.device:
    """The device of that name, "auto" the fastest there is; a SpecError says what this machine has."""
    present = _present()
    if name == "auto":
        return torch.device(present[0])
    if name not in present and name.partition(":")[0] not in present:
        raise SpecError([f"engine.device: there is no {name!r} here. This machine has: {', '.join(present)}"])
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError):
        raise SpecError(
            [f"engine.device: {name!r} does not answer. Use one of: {', '.join(present)}"]
        ) from None
    return torch.device(name)


def dtype_of(name: str, device: torch.device) -> torch.dtype:
    """The number format of that name; "auto" is bfloat16 where the device multiplies it natively.

    Elsewhere that is float32: emulated bfloat16 is slower, and float16 overflows in some networks.
    """
    if name != "auto":
        known: torch.dtype = getattr(torch, name)
        return known
    return torch.bfloat16 if _multiplies_bfloat16(device) else torch.float32


def placed(network: nn.Module, device: str, dtype: str) -> nn.Module:
    """The network on its device, in its number format, ready to sample."""
    where = device_of(device)
    return network.to(where, dtype_of(dtype, where)).eval()


def stilled(module: nn.Module, device: torch.device, dtype: torch.dtype) -> nn.Module:
    """`module.to(device, dtype).eval().requires_grad_(False)`, by one walk where it is there already."""
    layers = [*module.modules()]
    if not all(_is_there(layer, device, dtype) for layer in layers):
        return module.to(device, dtype).eval().requires_grad_(False)
    for layer in layers:
        for weight in layer._parameters.values():
            if weight is not None:
                weight.requires_grad_(False)
    if any(type(layer).train is not nn.Module.train for layer in layers):  # and does more than to be told
        return module.eval()
    for layer in layers:
        layer.__dict__["training"] = False
    return module


def _is_there(layer: nn.Module, device: torch.device, dtype: torch.dtype) -> bool:
    for each in (*layer._parameters.values(), *layer._buffers.values()):
        if each is not None and (each.device != device or (each.is_floating_point() and each.dtype != dtype)):
            return False
    return True


def _present() -> list[str]:
    """Device kinds that answer here, fastest first."""
    accelerators = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return [*(name for name, there in accelerators.items() if there), "cpu"]


def _multiplies_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # x86 alone was measured; without such instructions bfloat16 is emulated, and slower than float32.
    native = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return device.type == "cpu" and any(getattr(torch.cpu, name, bool)() for name in native)
