"""Both libraries behind one shape: a pipeline that was loaded, how it walks, how it decodes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .rows import Row

__all__ = ["Keep", "Loaded", "pixels", "theirs", "walked"]


@dataclass(frozen=True)
class Loaded:
    """network: what a step asks. walk: latents [1, C, ...] at the end, and what they show, uint8.

    decode: latents to what they show, once more; None where nobody asks how long that takes.
    """

    network: nn.Module
    walk: Callable[[], tuple[Tensor, Tensor]]
    decode: Callable[[Tensor], Any] | None = None


def walked(pipeline: Any, request: Any) -> tuple[Tensor, Tensor]:
    """What one of our pipelines makes of a request for one sample."""
    from diffsmith.diffusion.coordinates import moved_to

    making = pipeline.making(request)
    while True:
        try:
            frame = next(making)
        except StopIteration as done:
            x = moved_to(pipeline.schedule.path, frame.x, frame.level)
            return x.float().cpu(), done.value[0].data


def theirs(folder: Path, row: Row, device: str) -> Any:
    """diffusers' pipeline, as `DiffusionPipeline.from_pretrained` gives it, run as the row tells."""
    import diffusers

    dtype = getattr(torch, row.dtype)
    pipeline = diffusers.DiffusionPipeline.from_pretrained(folder, torch_dtype=dtype, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    if device != "cpu":  # else it is there, and asking would cost it time
        pipeline.to(device)
    if row.told.get("channels_last"):
        _channels_last(pipeline.unet)
        _channels_last(pipeline.vae)
    if row.told.get("compile"):
        pipeline.unet.compile()
    return pipeline


def _channels_last(network: nn.Module) -> None:
    """As `to` does it, which refuses networks with weights of convolutions in space and time."""
    for weight in network.parameters():
        if weight.ndim == 4:
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)


class Keep:
    """Told of each of their steps, it keeps the last one's latents."""

    latents: Tensor

    def __call__(self, _: Any, step: int, timestep: Any, told: dict[str, Tensor]) -> dict[str, Tensor]:
        """As `callback_on_step_end` is called."""
        self.latents = told["latents"]
        return {}


def pixels(shown: Any) -> Tensor:
    """Their arrays in [0, 1] as uint8."""
    return (torch.from_numpy(shown) * 255).round().to(torch.uint8)
