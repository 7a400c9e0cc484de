"""Both libraries: load a folder, reach its network, walk to a picture."""

from functools import partial
from pathlib import Path

import torch
from peers.loaded import Keep, Loaded, pixels, walked
from peers.loaded import theirs as load_theirs
from peers.rows import Row
from torch import Tensor

from .sizes import Size

__all__ = ["SIDES"]

PROMPT = "a red cube on a table"
SCALE = 7.5


def ours(folder: Path, size: Size, row: Row, device: str) -> Loaded:
    """As `diffsmith.load` gives it."""
    import diffsmith
    from diffsmith.pipeline import request_of

    engine = {"device": device, "dtype": row.dtype, **row.told}
    spacing = {"name": "leading", "offset": 1, "final": "sigma_min", "steps": size.steps}
    guidance = {"name": "cfg", "scale": SCALE}
    pipeline = diffsmith.load(folder, engine=engine, spacing=spacing, guidance=guidance)
    request = request_of(prompt=PROMPT, seed=0, size=(size.side, size.side))
    return Loaded(pipeline.network, partial(walked, pipeline, request))


def theirs(folder: Path, size: Size, row: Row, device: str) -> Loaded:
    """As diffusers gives it."""
    pipeline, keep = load_theirs(folder, row, device), Keep()
    shape = (1, 4, size.side // 8, size.side // 8)

    def walk() -> tuple[Tensor, Tensor]:
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device, pipeline.dtype)
        told = {"num_inference_steps": size.steps, "guidance_scale": SCALE, "output_type": "np"}
        told |= {"height": size.side, "width": size.side, "callback_on_step_end": keep}
        shown = pixels(pipeline(PROMPT, latents=noise, **told).images[0])
        return keep.latents.float().cpu(), shown

    return Loaded(pipeline.unet, walk)


SIDES = {"ours": ours, "theirs": theirs}
