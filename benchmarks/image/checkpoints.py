"""Checkpoints of random weights, made and saved by diffusers: what both sides load."""

from pathlib import Path
from typing import Any

import diffusers
import torch
from peers.parts import clip_text
from tests.checkpoints import clip_tokenizer
from torch import nn
from transformers import CLIPTextModelWithProjection, CLIPTokenizer

from .sizes import SIZES, Size

__all__ = ["checkpoint", "step"]

_BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
_LEVELS = {"down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4}


def checkpoint(folder: Path, name: str) -> Path:
    """Write the pipeline of that size; a folder that has it already stays as it is."""
    where = folder / name
    if not (where / "model_index.json").is_file():
        _pipeline(SIZES[name], folder / f"{name}-words").save_pretrained(where)
    return where


def step(size: Size) -> object:
    """Ask diffusers' network once, both branches of the guidance."""
    side = size.side // 8
    x, text = torch.empty(2, 4, side, side), torch.empty(2, 77, size.unet["cross_attention_dim"])
    added = {"text_embeds": torch.empty(2, 1280), "time_ids": torch.empty(2, 6)}
    return _unet(size)(x, torch.empty(()), text, added_cond_kwargs=added)


def _pipeline(size: Size, words: Path) -> Any:
    torch.manual_seed(0)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        parts = {"unet": _unet(size), "vae": _autoencoder(size), "text_encoder": clip_text(size.text)}
        if size.second:
            parts["text_encoder_2"] = clip_text(size.second, CLIPTextModelWithProjection)
    dtype = getattr(torch, size.dtype)
    told = {name: part.to("cpu", dtype).eval() for name, part in parts.items()}
    told["scheduler"] = diffusers.DDIMScheduler(**_BETAS, clip_sample=False, set_alpha_to_one=False)
    told["tokenizer"] = CLIPTokenizer.from_pretrained(clip_tokenizer(words / "one"))
    if size.second:
        told["tokenizer_2"] = CLIPTokenizer.from_pretrained(clip_tokenizer(words / "two", pad="!"))
        return diffusers.StableDiffusionXLPipeline(**told, add_watermarker=False)
    nothing = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    return diffusers.StableDiffusionPipeline(**told, **nothing)


def _unet(size: Size) -> nn.Module:
    network: nn.Module = diffusers.UNet2DConditionModel(**size.unet, sample_size=size.side // 8)
    return network


def _autoencoder(size: Size) -> nn.Module:
    told = {**size.autoencoder, **_LEVELS, "sample_size": size.side}
    network: nn.Module = diffusers.AutoencoderKL(latent_channels=4, **told)
    return network
