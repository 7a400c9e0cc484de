"""Checkpoints of random weights, as diffusers saves them: what both sides load."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from peers.parts import clip_text, write
from PIL import Image
from tests.checkpoints import clip_tokenizer
from torch import nn
from transformers import CLIPImageProcessor, CLIPTokenizer, CLIPVisionConfig, CLIPVisionModelWithProjection

from .sizes import SIZES, Size, picture

__all__ = ["checkpoint", "step"]

_LEVELS = {"down_block_types": ["DownEncoderBlock2D"] * 4, "latent_channels": 4}
_BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "steps_offset": 1}


@dataclass(frozen=True)
class Draft:
    """A pipeline before it is written. parts: what makes them; beside: what is saved as it is."""

    pipeline: str
    parts: dict[str, Callable[[], Any]]
    beside: dict[str, Any]
    missing: tuple[str, ...] = field(default=())


def checkpoint(folder: Path, name: str) -> Path:
    """Write the pipeline of that size; a folder that has it already stays as it is."""
    where, size = folder / name, SIZES[name]
    if not (where / "model_index.json").is_file():
        where.mkdir(parents=True, exist_ok=True)
        _draw(picture(where), size.pixels)
        _write(where, _KINDS[size.kind](size, where), getattr(torch, size.dtype))
    return where


def step(size: Size) -> object:
    """Ask diffusers' network once, both branches of the guidance."""
    channels, *shape = size.latent
    time, width = torch.empty(()), size.unet["cross_attention_dim"]
    network = _unet(size).to(time.device)  # some of its weights heed no `with torch.device`
    if size.kind == "animatediff":
        text = torch.empty(2 * size.frames, 77, width)  # theirs is told it once a frame
        return network(torch.empty(2, channels, *shape), time, text)
    x = torch.empty(2, shape[0], 2 * channels, *shape[1:])
    return network(x, time, torch.empty(2, 1, width), added_time_ids=torch.empty(2, 3))


def _write(where: Path, draft: Draft, dtype: torch.dtype) -> None:
    """The index last: it says that all is there."""
    kinds = {part: write(where / part, make, dtype) for part, make in draft.parts.items()}
    for part, each in draft.beside.items():
        each.save_pretrained(where / part)
        kinds[part] = type(each)
    named = {part: [kind.__module__.partition(".")[0], kind.__name__] for part, kind in kinds.items()}
    index = {"_class_name": draft.pipeline, "_diffusers_version": diffusers.__version__, **named}
    index |= {part: [None, None] for part in draft.missing}
    (where / "model_index.json").write_text(json.dumps(index), encoding="utf-8")


def _unet(size: Size) -> nn.Module:
    kind = diffusers.UNetSpatioTemporalConditionModel if size.kind == "svd" else diffusers.UNetMotionModel
    network: nn.Module = kind(**size.unet, sample_size=size.latent[-1])
    return network


def _svd(size: Size, where: Path) -> Draft:
    def autoencoder() -> nn.Module:
        return diffusers.AutoencoderKLTemporalDecoder(**_LEVELS, **size.autoencoder)

    def encoder() -> nn.Module:
        return CLIPVisionModelWithProjection(CLIPVisionConfig(**size.encoder, image_size=224))

    scheduler = diffusers.EulerDiscreteScheduler(
        **_BETAS,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        use_karras_sigmas=True,
        sigma_min=size.spacing["sigma_min"],
        sigma_max=size.spacing["sigma_max"],
        timestep_spacing="leading",
        timestep_type="continuous",
    )
    parts = {"unet": lambda: _unet(size), "vae": autoencoder, "image_encoder": encoder}
    beside = {"scheduler": scheduler, "feature_extractor": CLIPImageProcessor()}
    return Draft("StableVideoDiffusionPipeline", parts, beside)


def _animatediff(size: Size, where: Path) -> Draft:
    """The motion modules are in the network: nobody loads them twice."""

    def autoencoder() -> nn.Module:
        ups = ["UpDecoderBlock2D"] * 4
        return diffusers.AutoencoderKL(
            **_LEVELS, **size.autoencoder, up_block_types=ups, sample_size=size.pixels[-1]
        )

    beside = {
        "scheduler": diffusers.DDIMScheduler(**_BETAS, beta_schedule="linear", clip_sample=False),
        "tokenizer": CLIPTokenizer.from_pretrained(clip_tokenizer(where / "tokenizer")),
    }
    parts = {
        "unet": lambda: _unet(size),
        "vae": autoencoder,
        "text_encoder": lambda: clip_text(size.encoder),
    }
    unused = ("motion_adapter", "image_encoder", "feature_extractor")
    return Draft("AnimateDiffPipeline", parts, beside, unused)


_KINDS = {"svd": _svd, "animatediff": _animatediff}


def _draw(file: Path, size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file)
