"""Published motion modules and the U-Nets of pictures they were made for: numbers, and where they are."""

from typing import Any

from diffsmith.cards import ModelCard

__all__ = ["ANIMATEDIFF"]

_LINEAR = {"name": "vp", "betas": "linear", "start": 0.00085, "end": 0.012}
_SD15 = "stable-diffusion-v1-5/stable-diffusion-v1-5"
_CLIP_L, _OPEN_CLIP_G = 123_060_480, 694_659_840  # parameters that read text

_SD1 = {
    "widths": (320, 640, 1280, 1280),
    "layers": 2,
    "depths": (1, 1, 1, 0),
    "heads": (8, 8, 8, 8),
    "text_width": 768,
    "motion_depths": (1, 1, 1, 1),
    "motion_heads": (8, 8, 8, 8),
    "frames_max": 32,
}
_NO_MIDDLE = {"motion_middle": 0}
_XL = {
    "widths": (320, 640, 1280),
    "layers": 2,
    "depths": (0, 2, 10),
    "middle": 10,
    "heads": (5, 10, 20),
    "text_width": 2048,
    "added": 1280 + 6 * 256,
    "linear": True,
    "motion_depths": (1, 1, 1),
    "motion_heads": (8, 8, 8),
    "frames_max": 32,
    **_NO_MIDDLE,
}


def _usual(
    scheduler: str, spacing: dict[str, Any], scale: float, *adapters: dict[str, Any]
) -> dict[str, Any]:
    guidance = {"name": "cfg", "scale": scale} if scale > 1 else {"name": "none"}
    return {
        "scheduler": {"name": scheduler},
        "spacing": spacing,
        "guidance": guidance,
        "adapters": list(adapters),
    }


def _motion(weights: str) -> dict[str, Any]:
    return {"name": "motion", "weights": weights}


def _ddim(scale: float, steps: int, weights: str) -> dict[str, Any]:
    return _usual("ddim", {"name": "linspace", "whole": True, "steps": steps}, scale, _motion(weights))


_LCM = _usual(
    "lcm",
    {"name": "lcm", "original": 50, "steps": 6},
    2.0,
    _motion("wangfuyun/AnimateLCM"),
    {
        "name": "motion_lora",
        "weights": "wangfuyun/AnimateLCM/AnimateLCM_sd15_t2v_lora.safetensors",
        "scale": 0.8,
    },
)
_LIGHTNING = _usual(
    "euler",
    {"name": "trailing", "steps": 4},
    1.0,
    _motion("ByteDance/AnimateDiff-Lightning/animatediff_lightning_4step_diffusers.safetensors"),
)

_GUO = "Guo et al. 2023, AnimateDiff: Animate Your Personalized Text-to-Image Diffusion Models"


def _sd(name: str, summary: str, usual: dict[str, Any], **facts: Any) -> ModelCard:
    row: dict[str, Any] = {
        "shape": (4, 16, 64, 64),
        "defaults": _SD1,
        "autoencoder": {"name": "kl", "scaling": 0.18215},
        "conditioner": {"name": "clip"},
        "encoders": {"text_encoder": _CLIP_L},
        "weights": _SD15,
        "licence": "Apache-2.0; the U-Net CreativeML OpenRAIL-M",
        "source": _GUO,
    }
    return ModelCard(
        name,
        summary,
        "diffsmith_video.animatediff:motion_unet",
        modality="video",
        fps=8.0,
        schedule=_LINEAR,
        part="unet",
        usual=usual,
        **{**row, **facts},
    )


ANIMATEDIFF: list[ModelCard] = [
    _sd(
        "animatediff_v1",
        "AnimateDiff 1: clips from prompts by Stable Diffusion 1.5 (Guo et al. 2023).",
        _ddim(7.5, 25, "guoyww/animatediff-motion-adapter-v1-5"),
        defaults={**_SD1, **_NO_MIDDLE, "frames_max": 24},
    ),
    _sd(
        "animatediff_v2",
        "AnimateDiff 2: clips from prompts by Stable Diffusion 1.5 (Guo et al. 2023).",
        _ddim(7.5, 25, "guoyww/animatediff-motion-adapter-v1-5-2"),
    ),
    _sd(
        "animatediff_v3",
        "AnimateDiff 3: clips from prompts by Stable Diffusion 1.5 (Guo et al. 2023).",
        _ddim(7.5, 25, "guoyww/animatediff-motion-adapter-v1-5-3"),
        defaults={**_SD1, **_NO_MIDDLE},
    ),
    _sd(
        "animatediff_sdxl",
        "AnimateDiff for SDXL, a first version: clips of 1024 pixels (Guo et al. 2023).",
        _ddim(8.0, 20, "guoyww/animatediff-motion-adapter-sdxl-beta"),
        shape=(4, 16, 128, 128),
        defaults=_XL,
        autoencoder={"name": "kl", "scaling": 0.13025, "needs_float32": True},
        conditioner={"name": "sdxl"},
        encoders={"text_encoder": _CLIP_L, "text_encoder_2": _OPEN_CLIP_G},
        weights="stabilityai/stable-diffusion-xl-base-1.0",
        licence="Apache-2.0; the U-Net CreativeML OpenRAIL++-M",
    ),
    _sd(
        "animatelcm",
        "AnimateLCM: clips in six steps, a latent consistency model (Wang et al. 2024).",
        _LCM,
        defaults={**_SD1, **_NO_MIDDLE},
        boundary={"name": "lcm_boundary", "timestep_scaling": 10.0},
        licence="MIT; the U-Net CreativeML OpenRAIL-M",
        source="Wang et al. 2024, AnimateLCM",
    ),
    _sd(
        "animatediff_lightning",
        "AnimateDiff-Lightning: clips in four steps (Lin & Yang 2024).",
        _LIGHTNING,
        licence="CreativeML OpenRAIL-M",
        source="Lin & Yang 2024, AnimateDiff-Lightning: Cross-Model Diffusion Distillation",
    ),
]
