"""Devices and number formats."""

import torch
from torch import nn

from ..errors import SpecError

__all__ = ["device_of", "placed"]


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


def placed(network: nn.Module, device: str, dtype: str) -> nn.Module:
    """The network on its device, in its number format, ready to sample."""
    return network.to(device_of(device), getattr(torch, dtype)).eval()


def _present() -> list[str]:
    """Device kinds that answer here, fastest first."""
    accelerators = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return [*(name for name, there in accelerators.items() if there), "cpu"]
