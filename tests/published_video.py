"""Tiny pipelines of clips of the published kinds, made by diffusers with random weights everywhere.

    pipeline = PIPELINES["svd"](folder)

`folder` is where their tokenizers are written. Use it as `from tests.published_video import PIPELINES`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import torch
from tests.checkpoints import sdxl_texts
from tests.published import BETAS, stirred
from transformers import (
    CLIPImageProcessor,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

_UNET = {"sample_size": 8, "block_out_channels": (32, 64), "layers_per_block": 1}
_3D = {
    **_UNET,
    "down_block_types": ("CrossAttnDownBlock3D", "DownBlock3D"),
    "up_block_types": ("UpBlock3D", "CrossAttnUpBlock3D"),
    "cross_attention_dim": 32,
    "norm_num_groups": 8,
}
_SD1 = {
    **_UNET,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "cross_attention_dim": 32,
    "attention_head_dim": 4,
    "norm_num_groups": 8,
}
_XL = {
    **_SD1,
    "attention_head_dim": (2, 4),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 24 + 6 * 8,
    "cross_attention_dim": 32 + 40,
}
_LINEAR = {**BETAS, "beta_schedule": "linear", "clip_sample": False}


def _vae(kind: type = diffusers.AutoencoderKL, **options: Any) -> Any:
    levels = {"down_block_types": ["DownEncoderBlock2D"] * 2, "block_out_channels": (32, 64)}
    if kind is diffusers.AutoencoderKL:
        levels |= {"up_block_types": ["UpDecoderBlock2D"] * 2, "norm_num_groups": 8}
    torch.manual_seed(1)
    return stirred(kind(**levels, latent_channels=4, sample_size=32, **options))


def image_encoder(width: int = 32) -> Any:
    """CLIP's half that looks, whose vectors are so wide."""
    torch.manual_seed(2)
    config = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=4,
        projection_dim=width,
        image_size=224,
        patch_size=112,
    )
    return stirred(CLIPVisionModelWithProjection(config))


def _eyes() -> Any:
    return CLIPImageProcessor()


def _words(folder: Path) -> dict[str, Any]:
    sdxl_texts(folder)
    return {
        "text_encoder": CLIPTextModel.from_pretrained(folder / "text_encoder"),
        "tokenizer": CLIPTokenizer.from_pretrained(folder / "tokenizer"),
    }


def _svd(folder: Path) -> Any:
    torch.manual_seed(0)
    unet = diffusers.UNetSpatioTemporalConditionModel(
        **_UNET,
        in_channels=8,
        out_channels=4,
        down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=24,
        cross_attention_dim=32,
        num_attention_heads=(2, 4),
        num_frames=3,
    )
    scheduler = diffusers.EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        use_karras_sigmas=True,
        sigma_min=0.002,
        sigma_max=700.0,
        timestep_spacing="leading",
        timestep_type="continuous",
        steps_offset=1,
    )
    return diffusers.StableVideoDiffusionPipeline(
        _vae(diffusers.AutoencoderKLTemporalDecoder, layers_per_block=1),
        image_encoder(32),
        stirred(unet),
        scheduler,
        _eyes(),
    )


def _animatediff(folder: Path, kind: str = "AnimateDiffPipeline") -> Any:
    torch.manual_seed(0)
    unet = stirred(diffusers.UNet2DConditionModel(**_SD1))
    adapter = stirred(_motion_adapter(use_motion_mid_block=True))
    scheduler = diffusers.DDIMScheduler(**_LINEAR)
    return getattr(diffusers, kind)(
        vae=_vae(), unet=unet, motion_adapter=adapter, scheduler=scheduler, **_words(folder)
    )


def _motion_adapter(**options: Any) -> Any:
    return diffusers.MotionAdapter(
        block_out_channels=(32, 64),
        motion_layers_per_block=1,
        motion_mid_block_layers_per_block=1,
        motion_num_attention_heads=4,
        motion_norm_num_groups=8,
        motion_max_seq_length=8,
        **options,
    )


def _animatediff_sdxl(folder: Path) -> Any:
    words = _words(folder)
    torch.manual_seed(0)
    return diffusers.AnimateDiffSDXLPipeline(
        vae=_vae(scaling_factor=0.13025),
        unet=stirred(diffusers.UNet2DConditionModel(**_XL)),
        motion_adapter=stirred(_motion_adapter(use_motion_mid_block=False)),
        scheduler=diffusers.DDIMScheduler(**_LINEAR),
        text_encoder_2=CLIPTextModelWithProjection.from_pretrained(folder / "text_encoder_2"),
        tokenizer_2=CLIPTokenizer.from_pretrained(folder / "tokenizer_2"),
        **words,
    )


def _modelscope(folder: Path, kind: str = "TextToVideoSDPipeline") -> Any:
    torch.manual_seed(0)
    unet = diffusers.UNet3DConditionModel(**_3D, attention_head_dim=8)
    scheduler = diffusers.DDIMScheduler(**BETAS, clip_sample=False, set_alpha_to_one=False)
    return getattr(diffusers, kind)(vae=_vae(), unet=stirred(unet), scheduler=scheduler, **_words(folder))


def _i2vgen(folder: Path) -> Any:
    torch.manual_seed(0)
    unet = diffusers.I2VGenXLUNet(**_3D, attention_head_dim=4, num_attention_heads=None)
    scheduler = diffusers.DDIMScheduler(
        beta_schedule="squaredcos_cap_v2",
        rescale_betas_zero_snr=True,
        prediction_type="v_prediction",
        timestep_spacing="leading",
        steps_offset=1,
        set_alpha_to_one=True,
        clip_sample=False,
    )
    return diffusers.I2VGenXLPipeline(
        vae=_vae(),
        image_encoder=image_encoder(32),
        feature_extractor=_eyes(),
        unet=stirred(unet),
        scheduler=scheduler,
        **_words(folder),
    )


PIPELINES: dict[str, Callable[[Path], Any]] = {
    "svd": _svd,
    "animatediff": _animatediff,
    "animatediff_v2v": lambda folder: _animatediff(folder, "AnimateDiffVideoToVideoPipeline"),
    "animatediff_sdxl": _animatediff_sdxl,
    "modelscope": _modelscope,
    "modelscope_v2v": lambda folder: _modelscope(folder, "VideoToVideoSDPipeline"),
    "i2vgen": _i2vgen,
}
"""A name -> what makes it."""
