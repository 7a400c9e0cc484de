"""Tiny pipelines of the published kinds, made by diffusers with random weights everywhere.

    pipeline = PIPELINES["sdxl"](folder)
    pipeline.save_pretrained(elsewhere)

`folder` is where their tokenizers are written. Use it as `from tests.published import PIPELINES`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import torch
from tests.checkpoints import pixart_texts, sdxl_texts
from transformers import (
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5EncoderModel,
    T5Tokenizer,
)

_LEVELS = {
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
}
_UNET = {
    "sample_size": 16,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "norm_num_groups": 8,
    **_LEVELS,
}
_SD1 = {**_UNET, "cross_attention_dim": 32, "attention_head_dim": 4}
_SD2 = {**_SD1, "attention_head_dim": (2, 4), "use_linear_projection": True}
_XL = {
    **_UNET,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": (2, 4),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "transformer_layers_per_block": (1, 2),
    "projection_class_embeddings_input_dim": 24 + 6 * 8,
    "cross_attention_dim": 32 + 40,
}
_XL_REFINER = {**_XL, "projection_class_embeddings_input_dim": 24 + 5 * 8, "cross_attention_dim": 40}
_TRANSFORMER = {
    "sample_size": 8,
    "num_layers": 2,
    "patch_size": 2,
    "attention_head_dim": 8,
    "in_channels": 4,
    "out_channels": 8,
}
_PIXELS = {
    "sample_size": 16,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
}
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}


def stirred(network: Any, seed: int = 0) -> Any:
    """Every weight moved a little: layers that start at zero would hide what is behind them."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.05 * torch.randn(weight.shape, generator=generator))
    return network.eval()


def _vae(**options: Any) -> Any:
    levels = {"down_block_types": ["DownEncoderBlock2D"] * 2, "up_block_types": ["UpDecoderBlock2D"] * 2}
    sized = {"block_out_channels": (32, 64), "latent_channels": 4, "norm_num_groups": 8, "sample_size": 32}
    return stirred(diffusers.AutoencoderKL(**levels, **{**sized, **options}), 1)


def _clip(folder: Path) -> dict[str, Any]:
    sdxl_texts(folder)
    return {
        "tokenizer": CLIPTokenizer.from_pretrained(folder / "tokenizer"),
        "text_encoder": CLIPTextModel.from_pretrained(folder / "text_encoder"),
    }


def _both(folder: Path) -> dict[str, Any]:
    return {
        **_clip(folder),
        "tokenizer_2": CLIPTokenizer.from_pretrained(folder / "tokenizer_2"),
        "text_encoder_2": CLIPTextModelWithProjection.from_pretrained(folder / "text_encoder_2"),
    }


def _sd1(folder: Path, kind: str = "", scheduler: Any = None, **unet: Any) -> Any:
    plms = diffusers.PNDMScheduler(**BETAS, skip_prk_steps=True, set_alpha_to_one=False)
    return getattr(diffusers, f"StableDiffusion{kind}Pipeline")(
        **_clip(folder),
        vae=_vae(),
        unet=stirred(diffusers.UNet2DConditionModel(**{**_SD1, **unet})),
        scheduler=scheduler or plms,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _ddim(prediction: str = "epsilon") -> Any:
    """For tasks that begin in the middle, too: there diffusers' PNDM asks about its doubled timestep."""
    return diffusers.DDIMScheduler(
        **BETAS, prediction_type=prediction, clip_sample=False, set_alpha_to_one=False
    )


def _sd2(folder: Path, prediction: str = "v_prediction", **unet: Any) -> Any:
    return _sd1(folder, scheduler=_ddim(prediction), **{**_SD2, **unet})


def _lcm(folder: Path, kind: str = "") -> Any:
    return getattr(diffusers, f"LatentConsistencyModel{kind}Pipeline")(
        **_clip(folder),
        vae=_vae(),
        unet=stirred(diffusers.UNet2DConditionModel(**_SD1, time_cond_proj_dim=16)),
        scheduler=diffusers.LCMScheduler(**BETAS),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _xl(folder: Path, kind: str = "", **unet: Any) -> Any:
    return getattr(diffusers, f"StableDiffusionXL{kind}Pipeline")(
        **_both(folder),
        vae=_vae(scaling_factor=0.13025, force_upcast=True),
        unet=stirred(diffusers.UNet2DConditionModel(**{**_XL, **unet})),
        scheduler=diffusers.EulerDiscreteScheduler(**BETAS, timestep_spacing="leading"),
        add_watermarker=False,
    )


def _refiner(folder: Path) -> Any:
    return diffusers.StableDiffusionXLImg2ImgPipeline(
        **{**_both(folder), "text_encoder": None, "tokenizer": None},
        vae=_vae(scaling_factor=0.13025, force_upcast=True),
        unet=stirred(diffusers.UNet2DConditionModel(**_XL_REFINER), 2),
        scheduler=diffusers.EulerDiscreteScheduler(**BETAS, timestep_spacing="leading"),
        requires_aesthetics_score=True,
        force_zeros_for_empty_prompt=False,
        add_watermarker=False,
    )


def _dit(folder: Path) -> Any:
    network = diffusers.DiTTransformer2DModel(
        **_TRANSFORMER, num_attention_heads=2, num_embeds_ada_norm=1000, norm_elementwise_affine=False
    )  # the pipeline takes class 1000 for none, however many there are
    labels = {number: f"class {number}" for number in range(1000)}
    return diffusers.DiTPipeline(stirred(network), _vae(), diffusers.DDIMScheduler(clip_sample=False), labels)


def _pixart(folder: Path, kind: str = "Alpha", **options: Any) -> Any:
    pixart_texts(folder)
    network = diffusers.PixArtTransformer2DModel(
        **{
            **_TRANSFORMER,
            "num_attention_heads": 3,
            "caption_channels": 32,
            "cross_attention_dim": 24,
            "interpolation_scale": 1,
            "use_additional_conditions": False,
            **options,
        }
    )
    return getattr(diffusers, f"PixArt{kind}Pipeline")(
        tokenizer=T5Tokenizer.from_pretrained(folder / "tokenizer"),
        text_encoder=T5EncoderModel.from_pretrained(folder / "text_encoder"),
        vae=_vae(),
        transformer=stirred(network),
        scheduler=diffusers.DPMSolverMultistepScheduler(beta_start=1e-4, beta_end=0.02),
    )


def _pixels(**options: Any) -> Any:
    return stirred(diffusers.UNet2DModel(**{**_PIXELS, **options}))


PIPELINES: dict[str, Callable[[Path], Any]] = {
    "sd1": _sd1,
    "sd1_img2img": lambda folder: _sd1(folder, "Img2Img", _ddim()),
    "sd1_inpaint_4": lambda folder: _sd1(folder, "Inpaint", _ddim()),
    "sd1_inpaint": lambda folder: _sd1(folder, "Inpaint", _ddim(), in_channels=9, out_channels=4),
    "sd2": lambda folder: _sd2(folder, "epsilon"),
    "sd2_v": lambda folder: _sd2(folder, upcast_attention=True),
    "lcm": _lcm,
    "lcm_img2img": lambda folder: _lcm(folder, "Img2Img"),
    "sdxl": _xl,
    "sdxl_img2img": lambda folder: _xl(folder, "Img2Img"),
    "sdxl_inpaint_4": lambda folder: _xl(folder, "Inpaint"),
    "sdxl_inpaint": lambda folder: _xl(folder, "Inpaint", in_channels=9, out_channels=4),
    "sdxl_refiner": _refiner,
    "dit": _dit,
    "pixart_alpha": _pixart,
    "pixart_alpha_sizes": lambda folder: _pixart(folder, sample_size=128, use_additional_conditions=True),
    "pixart_sigma": lambda folder: _pixart(folder, "Sigma"),
    "ddpm": lambda folder: diffusers.DDPMPipeline(_pixels(), diffusers.DDPMScheduler()),
    "ddpm_learned": lambda folder: diffusers.DDPMPipeline(
        _pixels(out_channels=6), diffusers.DDPMScheduler(variance_type="learned_range")
    ),
    "ddim": lambda folder: diffusers.DDIMPipeline(_pixels(), diffusers.DDIMScheduler()),
    "consistency": lambda folder: diffusers.ConsistencyModelPipeline(
        _pixels(attention_head_dim=8, num_class_embeds=10), diffusers.CMStochasticIterativeScheduler()
    ),
}
