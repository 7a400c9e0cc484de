"""Published networks of several views: their numbers, and where they are."""

from typing import Any

from diffsmith.cards import ModelCard

__all__ = ["MULTIVIEW"]

_OPEN_CLIP_H, _CLIP_L = 340_387_840, 123_060_480  # parameters that read text

_SD21 = {
    "widths": (320, 640, 1280, 1280),
    "layers": 2,
    "depths": (1, 1, 1, 0),
    "heads": (5, 10, 20, 20),
    "text_width": 1024,
}
_SD15 = {**_SD21, "heads": (8, 8, 8, 8), "text_width": 768, "linear": False}


def _mvdream(name: str, summary: str, file: str, **facts: Any) -> ModelCard:
    return ModelCard(
        name,
        summary,
        "diffsmith_video.multiview:mvdream",
        modality="video",
        schedule={"name": "vp", "betas": "scaled_linear", "start": 0.00085, "end": 0.012},
        shape=(4, 4, 32, 32),
        autoencoder={"name": "kl", "scaling": 0.18215},
        part="unet",
        usual={
            "scheduler": {"name": "ddim"},
            "spacing": {"name": "leading", "offset": 1, "steps": 50},
            "guidance": {"name": "cfg", "scale": 10.0},
        },
        weights=f"MVDream/MVDream/{file}",
        licence="CreativeML OpenRAIL-M",
        source="Shi et al. 2023, MVDream: Multi-view Diffusion for 3D Generation",
        **facts,
    )


MULTIVIEW: list[ModelCard] = [
    _mvdream(
        "mvdream_sd21",
        "MVDream from Stable Diffusion 2.1: four views of a thing (Shi et al. 2023).",
        "sd-v2.1-base-4view.pt",
        defaults=_SD21,
        conditioner={"name": "mvdream"},
        encoders={"text_encoder": _OPEN_CLIP_H},
    ),
    _mvdream(
        "mvdream_sd15",
        "MVDream from Stable Diffusion 1.5: four views of a thing (Shi et al. 2023).",
        "sd-v1.5-4view.pt",
        defaults=_SD15,
        conditioner={"name": "mvdream"},
        encoders={"text_encoder": _CLIP_L},
    ),
]
