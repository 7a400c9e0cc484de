"""Both libraries: load a folder, reach its network, walk to a clip, decode."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from peers.loaded import Keep, Loaded, pixels, walked
from peers.loaded import theirs as load_theirs
from peers.rows import Row
from PIL import Image
from torch import Tensor

from .sizes import Size, picture

__all__ = ["SIDES"]

PROMPT = "a red cube on a table"
FPS = 7


def ours(folder: Path, size: Size, row: Row, device: str) -> Loaded:
    """As `diffsmith.load` gives it."""
    import diffsmith
    from diffsmith.pipeline import request_of

    engine = {"device": device, "dtype": row.dtype, **row.told}
    spacing = {**size.spacing, "steps": size.steps}
    asked = {"seed": 0, "frames": size.frames, "size": size.pixels}
    if size.kind == "svd":  # what is drawn beside the latents is not the same: nothing is
        conditioner = {"name": "svd", "augment": 0.0}
        pipeline = diffsmith.load(folder, engine=engine, spacing=spacing, conditioner=conditioner)
        asked |= {"image": str(picture(folder)), "fps": FPS}
    else:
        pipeline = diffsmith.load(folder, engine=engine, spacing=spacing)
        asked["prompt"] = PROMPT
    return Loaded(pipeline.network, partial(walked, pipeline, request_of(**asked)), pipeline.decoded)


def theirs(folder: Path, size: Size, row: Row, device: str) -> Loaded:
    """As diffusers gives it."""
    pipeline, keep = load_theirs(folder, row, device), Keep()
    at_once = row.told.get("decode_frames", _AT_ONCE)
    told = {"num_inference_steps": size.steps, "num_frames": size.frames, "decode_chunk_size": at_once}
    height, width = size.pixels
    told |= {"height": height, "width": width, "output_type": "np", "callback_on_step_end": keep}
    turned, shown, decoded = _KINDS[size.kind](folder, pipeline, at_once)

    def walk() -> tuple[Tensor, Tensor]:
        noise = torch.randn(1, *size.latent, generator=torch.Generator().manual_seed(0))
        noise = turned(noise).to(device, pipeline.dtype)
        clip = pixels(pipeline(**shown(), latents=noise, **told).frames[0])
        return turned(keep.latents).float().cpu(), clip

    @torch.no_grad()
    def decode(latents: Tensor) -> Any:
        video = decoded(turned(latents).to(device, pipeline.dtype))
        return pipeline.video_processor.postprocess_video(video=video, output_type="np")

    return Loaded(pipeline.unet, walk, decode)


_AT_ONCE = 16
"""Frames through their autoencoder: what AnimateDiff's pipeline usually takes, and all of SVD's."""

Kind = tuple[Callable[[Tensor], Tensor], Callable[[], dict[str, Any]], Callable[[Tensor], Tensor]]
"""[1, C, F, h, w] to its order of latents and back, what it is told, latents in its order to frames."""


def _svd(folder: Path, pipeline: Any, at_once: int) -> Kind:
    def told() -> dict[str, Any]:
        return {"image": Image.open(picture(folder)), "fps": FPS, "noise_aug_strength": 0.0}

    def decoded(latents: Tensor) -> Any:
        return pipeline.decode_latents(latents, latents.shape[1], at_once)

    return lambda x: x.transpose(1, 2), told, decoded


def _animatediff(folder: Path, pipeline: Any, at_once: int) -> Kind:
    def decoded(latents: Tensor) -> Any:
        return pipeline.decode_latents(latents, at_once)

    return lambda x: x, lambda: {"prompt": PROMPT}, decoded


_KINDS = {"svd": _svd, "animatediff": _animatediff}
SIDES = {"ours": ours, "theirs": theirs}
