"""Published Stable Video Diffusion models: their numbers, and where they are."""

from typing import Any

from diffsmith.cards import ModelCard

__all__ = ["SVD"]

_VISION_H = 632_076_800  # parameters that read the picture

_NETWORK = {
    "widths": (320, 640, 1280, 1280),
    "layers": 2,
    "depths": (1, 1, 1, 0),
    "heads": (5, 10, 20, 20),
    "text_width": 1024,
    "numbers": 3,
    "extra_channels": 4,
}
# The table ends at sigma 15, the model knows noise up to 700: it is told a logarithm, no place in the table.
_SCHEDULE = {"name": "vp", "betas": "scaled_linear", "start": 0.00085, "end": 0.012, "label": "log_sigma"}
_SPACING = {
    "name": "karras",
    "sigma_min": 0.002,
    "sigma_max": 700.0,
    "within": "leading",
    "offset": 1,
    "steps": 25,
}
_GUIDANCE = {"name": "framewise", "first": 1.0, "last": 3.0}


def _card(name: str, summary: str, frames: int, weights: str, **facts: Any) -> ModelCard:
    return ModelCard(
        name,
        summary,
        "diffsmith_video.spatio_temporal_unet:spatio_temporal_unet",
        (weights, weights.partition("/")[2]),
        modality="video",
        schedule=_SCHEDULE,
        prediction={"name": "v"},
        defaults=_NETWORK,
        shape=(4, frames, 72, 128),
        autoencoder={"name": "kl_temporal", "scaling": 0.18215},
        conditioner={"name": "svd"},
        part="unet",
        usual={"scheduler": {"name": "euler"}, "spacing": _SPACING, "guidance": _GUIDANCE},
        encoders={"image_encoder": _VISION_H},
        fps=7,
        weights=weights,
        source="Blattmann et al. 2023, Stable Video Diffusion; "
        "https://github.com/Stability-AI/generative-models",
        **facts,
    )


SVD = [
    _card(
        "svd",
        "Stable Video Diffusion: a picture moves for 14 frames at 1024x576 (Blattmann et al. 2023).",
        14,
        "stabilityai/stable-video-diffusion-img2vid",
        licence="Stability AI Community License",
    ),
    _card(
        "svd_xt",
        "Stable Video Diffusion XT: a picture moves for 25 frames at 1024x576 (Blattmann et al. 2023).",
        25,
        "stabilityai/stable-video-diffusion-img2vid-xt",
        licence="Stability AI Community License",
    ),
    _card(
        "svd_xt_1_1",
        "Stable Video Diffusion XT 1.1: 25 frames, trained for one speed (Blattmann et al. 2023).",
        25,
        "stabilityai/stable-video-diffusion-img2vid-xt-1-1",
        licence="Stability AI Community License",
    ),
]
