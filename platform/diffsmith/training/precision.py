"""Number formats of training, through accelerate."""

from typing import Any

import torch

from ..engine import device_of
from ..errors import SpecError

__all__ = ["accelerator_of", "format_of"]

_FORMATS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def format_of(precision: str, device: str) -> torch.dtype:
    """What a network computes in; a SpecError where the device cannot."""
    if precision == "fp16" and device_of(device).type == "cpu":
        raise SpecError(["train.precision: fp16 needs a GPU. On the CPU use fp32, or bf16 for speed"])
    return _FORMATS[precision]


def accelerator_of(precision: str, device: str) -> Any:
    """An accelerate.Accelerator for one run: fp32, bf16 or fp16 on that device."""
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    AcceleratorState._reset_state(reset_partial_state=True)  # a run before us may have used another format
    format_of(precision, device)
    chosen = device_of(device)
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)  # accelerate takes the current one
    return Accelerator(mixed_precision="no" if precision == "fp32" else precision, cpu=chosen.type == "cpu")
