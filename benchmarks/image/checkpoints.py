"""Checkpoints of random weights, made and saved by diffusers: what both sides load."""

from pathlib import Path
from typing import Any

import diffusers
import torch
from tests.checkpoints import CLIP_LENGTH, CLIP_VOCABULARY, clip_tokenizer
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from .sizes import SIZES, Size

__all__ = ["bytes_of", "checkpoint", "unet"]

_BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
_LEVELS = {"down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4}


def checkpoint(folder: Path, name: str) -> Path:
    """Write the pipeline of that size; a folder that has it already stays as it is."""
    where = folder / name
    if not (where / "model_index.json").is_file():
        _pipeline(SIZES[name], folder / f"{name}-words").save_pretrained(where)
    return where


def unet(size: Size) -> nn.Module:
    """diffusers' U-Net of that size."""
    network: nn.Module = diffusers.UNet2DConditionModel(**size.unet, sample_size=size.side // 8)
    return network


def _pipeline(size: Size, words: Path) -> Any:
    torch.manual_seed(0)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        parts = {"unet": unet(size), "vae": _autoencoder(size), "text_encoder": _text(size.text)}
        if size.second:
            parts["text_encoder_2"] = _text(size.second, CLIPTextModelWithProjection)
    dtype = getattr(torch, size.dtype)
    told = {name: part.to("cpu", dtype).eval() for name, part in parts.items()}
    told["scheduler"] = diffusers.DDIMScheduler(**_BETAS, clip_sample=False, set_alpha_to_one=False)
    told["tokenizer"] = CLIPTokenizer.from_pretrained(clip_tokenizer(words / "one"))
    if size.second:
        told["tokenizer_2"] = CLIPTokenizer.from_pretrained(clip_tokenizer(words / "two", pad="!"))
        return diffusers.StableDiffusionXLPipeline(**told, add_watermarker=False)
    nothing = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    return diffusers.StableDiffusionPipeline(**told, **nothing)


def _autoencoder(size: Size) -> nn.Module:
    told = {**size.autoencoder, **_LEVELS, "sample_size": size.side}
    network: nn.Module = diffusers.AutoencoderKL(latent_channels=4, **told)
    return network


def _text(told: dict[str, Any], kind: Any = CLIPTextModel) -> nn.Module:
    """As large as the published ones; the tokenizer knows few words, so most of its table is not read."""
    network: nn.Module = kind(
        CLIPTextConfig(
            vocab_size=49408,
            hidden_size=told["hidden_size"],
            intermediate_size=told["intermediate_size"],
            num_hidden_layers=told["layers"],
            num_attention_heads=told["heads"],
            hidden_act=told.get("act", "quick_gelu"),
            projection_dim=1280,
            max_position_embeddings=CLIP_LENGTH,
            bos_token_id=CLIP_VOCABULARY - 2,
            eos_token_id=CLIP_VOCABULARY - 1,
        )
    )
    return network


def bytes_of(folder: Path) -> int:
    """Of all weights in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*.safetensors"))
