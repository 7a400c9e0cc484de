"""Published Stable Diffusion models: their numbers, and where they are."""

from typing import Any

from diffsmith.cards import ModelCard

__all__ = ["STABLE_DIFFUSION"]

_SCALED = {"name": "vp", "betas": "scaled_linear", "start": 0.00085, "end": 0.012}
_RAIL = "CreativeML OpenRAIL-M"
_RAIL_PP = "CreativeML OpenRAIL++-M"

_SD1 = {
    "widths": (320, 640, 1280, 1280),
    "layers": 2,
    "depths": (1, 1, 1, 0),
    "heads": (8, 8, 8, 8),
    "text_width": 768,
}
_SD2 = {**_SD1, "heads": (5, 10, 20, 20), "text_width": 1024, "linear": True}
_XL = {
    "widths": (320, 640, 1280),
    "layers": 2,
    "depths": (0, 2, 10),
    "middle": 10,
    "heads": (5, 10, 20),
    "text_width": 2048,
    "added": 1280 + 6 * 256,
    "linear": True,
}
_XL_REFINER = {
    "widths": (384, 768, 1536, 1536),
    "layers": 2,
    "depths": (0, 4, 4, 0),
    "middle": 4,
    "heads": (6, 12, 24, 24),
    "text_width": 1280,
    "added": 1280 + 5 * 256,
    "linear": True,
}
_INPAINTING = {"extra_channels": 5}  # the mask, and the latents of what is not masked

_CLIP_L, _OPEN_CLIP_H, _OPEN_CLIP_G = 123_060_480, 340_387_840, 694_659_840  # parameters that read text

_SD_LATENTS = {"name": "kl", "scaling": 0.18215}
_XL_LATENTS = {"name": "kl", "scaling": 0.13025, "needs_float32": True}


def _usual(scheduler: str, spacing: dict[str, Any], guidance: dict[str, Any]) -> dict[str, Any]:
    return {"scheduler": {"name": scheduler}, "spacing": spacing, "guidance": guidance}


def _leading(**facts: Any) -> dict[str, Any]:
    return {"name": "leading", "offset": 1, "steps": 50, **facts}


def _cfg(scale: float) -> dict[str, Any]:
    return {"name": "cfg", "scale": scale}


_PLMS = _usual("pndm", _leading(final="sigma_min"), _cfg(7.5))
_DDIM = _usual("ddim", _leading(final="sigma_min"), _cfg(7.5))
_EULER = _usual("euler", _leading(), _cfg(5.0))
_EULER_INPAINTING = _usual("euler", _leading(steps=20), _cfg(8.0))
_LCM = _usual("lcm", {"name": "lcm", "original": 50, "steps": 4}, {"name": "embedded", "scale": 8.5})


def _card(name: str, summary: str, weights: str, *aliases: str, **facts: Any) -> ModelCard:
    return ModelCard(
        name,
        summary,
        "diffsmith_image.conditional_unet:conditional_unet",
        (weights, weights.partition("/")[2], *aliases),
        schedule=_SCALED,
        part="unet",
        weights=weights,
        **facts,
    )


def _sd1(name: str, summary: str, weights: str, *aliases: str, **facts: Any) -> ModelCard:
    source = "Rombach et al. 2022, High-Resolution Image Synthesis with Latent Diffusion Models"
    usual = {"defaults": _SD1, "usual": _PLMS, "licence": _RAIL, "source": source}
    parts: dict[str, Any] = {"autoencoder": _SD_LATENTS, "conditioner": {"name": "clip"}}
    parts["encoders"] = {"text_encoder": _CLIP_L}
    return _card(name, summary, weights, *aliases, shape=(4, 64, 64), **parts, **{**usual, **facts})


def _sd2(name: str, summary: str, weights: str, **facts: Any) -> ModelCard:
    # The first publisher took the repositories back; these are copies of them, kept as they were.
    parts: dict[str, Any] = {"autoencoder": _SD_LATENTS, "conditioner": {"name": "open_clip"}}
    parts["encoders"] = {"text_encoder": _OPEN_CLIP_H}
    source = "Rombach et al. 2022; https://github.com/Stability-AI/stablediffusion"
    first = f"stabilityai/{weights}"
    usual = {"shape": (4, 64, 64), "defaults": _SD2, "usual": _PLMS, "licence": _RAIL_PP, "source": source}
    return _card(name, summary, f"sd2-community/{weights}", first, **parts, **{**usual, **facts})


def _xl(name: str, summary: str, weights: str, **facts: Any) -> ModelCard:
    source = "Podell et al. 2023, SDXL: Improving Latent Diffusion Models for High-Resolution Image Synthesis"
    parts: dict[str, Any] = {"autoencoder": _XL_LATENTS, "conditioner": {"name": "sdxl"}}
    parts["encoders"] = {"text_encoder": _CLIP_L, "text_encoder_2": _OPEN_CLIP_G}
    usual = {**parts, "defaults": _XL, "usual": _EULER, "licence": _RAIL_PP, "source": source}
    return _card(name, summary, weights, shape=(4, 128, 128), **{**usual, **facts})


STABLE_DIFFUSION: list[ModelCard] = [
    _sd1(
        "sd14",
        "Stable Diffusion 1.4: prompts at 512 pixels (Rombach et al. 2022).",
        "CompVis/stable-diffusion-v1-4",
    ),
    _sd1(
        "sd15",
        "Stable Diffusion 1.5: prompts at 512 pixels (Rombach et al. 2022).",
        "stable-diffusion-v1-5/stable-diffusion-v1-5",
        "runwayml/stable-diffusion-v1-5",
    ),
    _sd1(
        "sd15_inpaint",
        "Stable Diffusion 1.5 that fills a mask at 512 pixels (Rombach et al. 2022).",
        "stable-diffusion-v1-5/stable-diffusion-inpainting",
        "runwayml/stable-diffusion-inpainting",
        defaults={**_SD1, **_INPAINTING},
    ),
    _sd2(
        "sd2_base",
        "Stable Diffusion 2.0 at 512 pixels (Rombach et al. 2022).",
        "stable-diffusion-2-base",
    ),
    _sd2(
        "sd2",
        "Stable Diffusion 2.0 at 768 pixels, answering v (Rombach et al. 2022).",
        "stable-diffusion-2",
        shape=(4, 96, 96),
        prediction={"name": "v"},
        usual=_DDIM,
    ),
    _sd2(
        "sd21_base",
        "Stable Diffusion 2.1 at 512 pixels (Rombach et al. 2022).",
        "stable-diffusion-2-1-base",
    ),
    _sd2(
        "sd21",
        "Stable Diffusion 2.1 at 768 pixels, answering v (Rombach et al. 2022).",
        "stable-diffusion-2-1",
        shape=(4, 96, 96),
        defaults={**_SD2, "upcast": True},
        prediction={"name": "v"},
        usual=_DDIM,
    ),
    _sd2(
        "sd2_inpaint",
        "Stable Diffusion 2 that fills a mask at 512 pixels (Rombach et al. 2022).",
        "stable-diffusion-2-inpainting",
        defaults={**_SD2, **_INPAINTING},
    ),
    _xl(
        "sdxl",
        "Stable Diffusion XL: prompts at 1024 pixels (Podell et al. 2023).",
        "stabilityai/stable-diffusion-xl-base-1.0",
    ),
    _xl(
        "sdxl_refiner",
        "The last steps of Stable Diffusion XL, from the base's latents (Podell et al. 2023).",
        "stabilityai/stable-diffusion-xl-refiner-1.0",
        defaults=_XL_REFINER,
        conditioner={"name": "sdxl_refiner"},
        encoders={"text_encoder_2": _OPEN_CLIP_G},
    ),
    _xl(
        "sdxl_inpaint",
        "Stable Diffusion XL that fills a mask at 1024 pixels (Podell et al. 2023).",
        "diffusers/stable-diffusion-xl-1.0-inpainting-0.1",
        defaults={**_XL, **_INPAINTING},
        usual=_EULER_INPAINTING,
    ),
    _sd1(
        "lcm_dreamshaper",
        "Dreamshaper 7 distilled to four steps, a latent consistency model (Luo et al. 2023).",
        "SimianLuo/LCM_Dreamshaper_v7",
        defaults={**_SD1, "guidance": 256},
        boundary={"name": "lcm_boundary", "timestep_scaling": 10.0},
        usual=_LCM,
        licence="MIT",
        source="Luo et al. 2023, Latent Consistency Models",
    ),
]
