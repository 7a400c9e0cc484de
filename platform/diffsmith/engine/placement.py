"""Devices and number formats."""

import torch
from torch import nn

from ..errors import SpecError

__all__ = ["device_of", "dtype_of", "placed"]


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
