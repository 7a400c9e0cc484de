"""Both libraries behind one shape: load a folder, reach its network, walk to a picture."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .rows import Row
from .sizes import Size

__all__ = ["SIDES", "Loaded"]

PROMPT = "a red cube on a table"
SCALE = 7.5


@dataclass(frozen=True)
class Loaded:
    """network: what a step asks. walk: [1, C, h, w] latents at the end, and the picture uint8 [H, W, 3]."""

    network: nn.Module
    walk: Callable[[], tuple[Tensor, Tensor]]


def ours(folder: Path, size: Size, row: Row, device: str) -> Loaded:
    """As `diffsmith.load` gives it."""
    import diffsmith
    from diffsmith.diffusion.coordinates import moved_to
    from diffsmith.pipeline import request_of

    engine = {"device": device, "dtype": row.dtype, **row.told}
    spacing = {"name": "leading", "offset": 1, "final": "sigma_min", "steps": size.steps}
    guidance = {"name": "cfg", "scale": SCALE}
    pipeline = diffsmith.load(folder, engine=engine, spacing=spacing, guidance=guidance)
    request = request_of(prompt=PROMPT, seed=0, size=(size.side, size.side))

    def walk() -> tuple[Tensor, Tensor]:
        making = pipeline.making(request)
        while True:
            try:
                frame = next(making)
            except StopIteration as done:
                x = moved_to(pipeline.schedule.path, frame.x, frame.level)
                return x.float().cpu(), done.value[0].data

    return Loaded(pipeline.network, walk)


def theirs(folder: Path, size: Size, row: Row, device: str) -> Loaded:
    """As `DiffusionPipeline.from_pretrained` gives it."""
    import diffusers

    dtype = getattr(torch, row.dtype)
    pipeline = diffusers.DiffusionPipeline.from_pretrained(folder, torch_dtype=dtype, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    if device != "cpu":  # else it is there, and asking would cost it time
        pipeline.to(device)
    if row.told.get("channels_last"):
        pipeline.unet.to(memory_format=torch.channels_last)
        pipeline.vae.to(memory_format=torch.channels_last)
    if row.told.get("compile"):
        pipeline.unet.compile()
    shape = (1, 4, size.side // 8, size.side // 8)
    kept: list[Tensor] = []

    def keep(_: Any, step: int, timestep: Any, told: dict[str, Tensor]) -> dict[str, Tensor]:
        kept[:] = [told["latents"]]
        return {}

    def walk() -> tuple[Tensor, Tensor]:
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device, dtype)
        told = {"num_inference_steps": size.steps, "guidance_scale": SCALE, "output_type": "np"}
        told |= {"height": size.side, "width": size.side, "callback_on_step_end": keep}
        pixels = torch.from_numpy(pipeline(PROMPT, latents=noise, **told).images[0])
        return kept[0].float().cpu(), (pixels * 255).round().to(torch.uint8)

    return Loaded(pipeline.unet, walk)


SIDES = {"ours": ours, "theirs": theirs}
