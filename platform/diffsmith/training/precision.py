"""Number formats of training, through accelerate."""

from typing import Any

import torch

from ..engine import device_of
from ..errors import SpecError

__all__ = ["accelerator_of"]


def accelerator_of(precision: str, device: str) -> Any:
    """An accelerate.Accelerator for one run: fp32, bf16 or fp16 on that device."""
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    AcceleratorState._reset_state(reset_partial_state=True)  # a run before us may have used another format
    chosen = device_of(device)
    if precision == "fp16" and chosen.type == "cpu":
        raise SpecError(["train.precision: fp16 needs a GPU. On the CPU use fp32, or bf16 for speed"])
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)  # accelerate takes the current one
    return Accelerator(mixed_precision="no" if precision == "fp32" else precision, cpu=chosen.type == "cpu")
