"""Small pipelines with random numbers, as diffusers writes them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
)

WORDS = ["l", "o", "w", "e", "r", "s", "t", "i", "d", "n", "lo", "l</w>", "w</w>", "r</w>", "t</w>"]
MERGES = "#version: 0.2\nl o\n"

UNET = {
    "sample_size": 16,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "cross_attention_dim": 32,
    "attention_head_dim": 4,
    "norm_num_groups": 8,
}
XL_UNET = {
    **UNET,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": (2, 4),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "transformer_layers_per_block": (1, 2),
    "projection_class_embeddings_input_dim": 80,
    "cross_attention_dim": 64,
}
PIXELS = {
    "sample_size": 16,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
    "norm_num_groups": 8,
}
TRANSFORMER = {
    "sample_size": 8,
    "num_layers": 2,
    "patch_size": 2,
    "attention_head_dim": 8,
    "num_attention_heads": 2,
    "in_channels": 4,
    "out_channels": 8,
}
SD_BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}


def _unet(**options: Any) -> Any:
    return diffusers.UNet2DConditionModel(**{**UNET, **options})


def _vae(**options: Any) -> Any:
    levels = {"down_block_types": ["DownEncoderBlock2D"] * 2, "up_block_types": ["UpDecoderBlock2D"] * 2}
    sized = {"block_out_channels": (32, 64), "latent_channels": 4, "norm_num_groups": 8}
    return diffusers.AutoencoderKL(**levels, **{**sized, **options})


def _text(kind: Any, **options: Any) -> Any:
    sizes = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 3, "num_attention_heads": 4}
    ends = {"max_position_embeddings": 16, "bos_token_id": 17, "eos_token_id": 18, "projection_dim": 32}
    return kind(CLIPTextConfig(vocab_size=19, **{**sizes, **ends, **options}))


def _tokenizer(folder: Path) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    names = [*WORDS, "lowe", "a", "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({name: at for at, name in enumerate(names)}))
    (folder / "merges.txt").write_text(MERGES)
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=16)


def _stable_diffusion(folder: Path, pipeline: str = "StableDiffusionPipeline", **unet: Any) -> Any:
    scheduler = diffusers.PNDMScheduler(**SD_BETAS, skip_prk_steps=True, set_alpha_to_one=False)
    return getattr(diffusers, pipeline)(
        vae=_vae(),
        text_encoder=_text(CLIPTextModel),
        tokenizer=_tokenizer(folder),
        unet=_unet(**unet),
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _stable_diffusion_2(folder: Path) -> Any:
    made = _stable_diffusion(folder, attention_head_dim=(2, 4), use_linear_projection=True)
    made.register_modules(
        text_encoder=_text(CLIPTextModel, hidden_act="gelu"),
        scheduler=diffusers.DDIMScheduler(**SD_BETAS, prediction_type="v_prediction", clip_sample=False),
    )
    return made


def _latent_consistency(folder: Path) -> Any:
    made = _stable_diffusion(folder, "LatentConsistencyModelPipeline", time_cond_proj_dim=16)
    made.register_modules(scheduler=diffusers.LCMScheduler(**SD_BETAS))
    return made


def _sdxl(folder: Path, pipeline: str = "StableDiffusionXLPipeline", **unet: Any) -> Any:
    return getattr(diffusers, pipeline)(
        vae=_vae(scaling_factor=0.13025, force_upcast=True),
        text_encoder=_text(CLIPTextModel),
        text_encoder_2=_text(CLIPTextModelWithProjection, hidden_act="gelu"),
        tokenizer=_tokenizer(folder / "1"),
        tokenizer_2=_tokenizer(folder / "2"),
        unet=diffusers.UNet2DConditionModel(**{**XL_UNET, **unet}),
        scheduler=diffusers.EulerDiscreteScheduler(**SD_BETAS, timestep_spacing="leading"),
    )


def _refiner(folder: Path) -> Any:
    unet = {"projection_class_embeddings_input_dim": 72, "cross_attention_dim": 32}
    made = _sdxl(folder, "StableDiffusionXLImg2ImgPipeline", **unet)
    made.register_modules(text_encoder=None, tokenizer=None)
    made.register_to_config(requires_aesthetics_score=True, force_zeros_for_empty_prompt=False)
    return made


def _dit(folder: Path) -> Any:
    network = diffusers.DiTTransformer2DModel(**TRANSFORMER, num_embeds_ada_norm=10)
    return diffusers.DiTPipeline(network, _vae(), diffusers.DDIMScheduler())


def _pixart(folder: Path, pipeline: str = "PixArtAlphaPipeline", **options: Any) -> Any:
    network = diffusers.PixArtTransformer2DModel(
        **{
            **TRANSFORMER,
            "caption_channels": 32,
            "cross_attention_dim": 16,
            "interpolation_scale": 1,
            **options,
        }
    )
    settings = T5Config(d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4, vocab_size=99)
    return getattr(diffusers, pipeline)(
        tokenizer=None,
        text_encoder=T5EncoderModel(settings),
        vae=_vae(),
        transformer=network,
        scheduler=diffusers.DPMSolverMultistepScheduler(),
    )


def _ddpm(folder: Path) -> Any:
    return diffusers.DDPMPipeline(diffusers.UNet2DModel(**PIXELS), diffusers.DDPMScheduler())


def _consistency(folder: Path) -> Any:
    network = diffusers.UNet2DModel(**PIXELS, attention_head_dim=8, num_class_embeds=10)
    return diffusers.ConsistencyModelPipeline(network, diffusers.CMStochasticIterativeScheduler())


PIPELINES: dict[str, Callable[[Path], Any]] = {
    "sd1": _stable_diffusion,
    "sd1_img2img": lambda folder: _stable_diffusion(folder, "StableDiffusionImg2ImgPipeline"),
    "sd1_inpaint": lambda folder: _stable_diffusion(folder, "StableDiffusionInpaintPipeline", in_channels=9),
    "sd2": _stable_diffusion_2,
    "lcm": _latent_consistency,
    "sdxl": _sdxl,
    "sdxl_inpaint": lambda folder: _sdxl(folder, "StableDiffusionXLInpaintPipeline", in_channels=9),
    "sdxl_refiner": _refiner,
    "dit": _dit,
    "pixart_alpha": _pixart,
    "pixart_sigma": lambda folder: _pixart(folder, "PixArtSigmaPipeline", use_additional_conditions=False),
    "ddpm": _ddpm,
    "consistency": _consistency,
}


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A pipeline's name -> the folder that diffusers saved it in, once a session. Do not write there."""
    made: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in made:
            torch.manual_seed(0)
            made[name] = tmp_path_factory.mktemp(name)
            PIPELINES[name](tmp_path_factory.mktemp("words")).save_pretrained(made[name])
        return made[name]

    return folder
