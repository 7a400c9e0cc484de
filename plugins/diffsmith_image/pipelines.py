"""Published classes of picture pipelines, and what each implies: what reads its prompts, guidance, steps."""

from collections.abc import Callable
from typing import Any

from diffsmith.interop.pipelines import Family
from diffsmith.weights.sources import Source

__all__ = [
    "CONSISTENCY",
    "DDIM",
    "DDPM",
    "DIT",
    "LATENT_CONSISTENCY",
    "LATENT_DIFFUSION",
    "PIXART_ALPHA",
    "PIXART_SIGMA",
    "SCORE_SDE_VE",
    "SDXL",
    "SDXL_INPAINTING",
    "STABLE_DIFFUSION",
]

Choice = dict[str, Any]


def _guided(scale: float) -> Callable[[Source], Choice]:
    """By two branches, or by a number where the network was taught to read it (Meng et al. 2023)."""

    def guidance(source: Source) -> Choice:
        network = source.component("unet")
        learnt = network is not None and network.config.get("time_cond_proj_dim")
        return {"name": "embedded" if learnt else "cfg", "scale": scale}

    return guidance


def _unguided(source: Source) -> Choice:
    return {"name": "none"}


def _clip(source: Source) -> Choice | None:
    """OpenAI's, or OpenCLIP's, which computes another activation."""
    encoder = source.component("text_encoder")
    if encoder is None:
        return None
    return {"name": "open_clip" if encoder.config.get("hidden_act") == "gelu" else "clip"}


def _two_encoders(source: Source) -> Choice | None:
    """SDXL's two, or its refiner's one; no negative prompt means zeros unless the pipeline says otherwise."""
    if source.component("text_encoder_2") is None:
        return None
    zeros = bool(source.index.get("force_zeros_for_empty_prompt", True))
    return {"name": "sdxl" if source.class_of("text_encoder") else "sdxl_refiner", "zeros": zeros}


def _t5(length: int) -> Callable[[Source], Choice | None]:
    def conditioner(source: Source) -> Choice | None:
        encoder, network = source.component("text_encoder"), source.component("transformer")
        if encoder is None or network is None:
            return None
        told = network.config.get("use_additional_conditions")
        sizes = network.config.get("sample_size") == _SIDE_WITH_SIZES if told is None else bool(told)
        return {"name": "pixart", "length": length, "sizes": sizes}

    return conditioner


_SIDE_WITH_SIZES = 128

_UNCHECKED = {
    "requires_safety_checker": False,
    "safety_checker": [None, None],
    "feature_extractor": [None, None],
}
STABLE_DIFFUSION = Family("unet", 50, _guided(7.5), _clip, index=_UNCHECKED)
LATENT_CONSISTENCY = Family("unet", 4, _guided(8.5), _clip, index=_UNCHECKED)
SDXL = Family("unet", 50, _guided(5.0), _two_encoders)
SDXL_INPAINTING = Family("unet", 50, _guided(7.5), _two_encoders)
PIXART_ALPHA = Family("transformer", 20, _guided(4.5), _t5(120))
PIXART_SIGMA = Family("transformer", 20, _guided(4.5), _t5(300))
DIT = Family("transformer", 50, _guided(4.0))
CONSISTENCY = Family("unet", 1, _unguided)
DDPM = Family("unet", 1000, _unguided)
DDIM = Family("unet", 50, _unguided)
LATENT_DIFFUSION = Family("unet", 50, _unguided)
SCORE_SDE_VE = Family("unet", 2000, _unguided, autoencoder={"name": "unit_range"})
