"""Published diffusion transformers: their numbers, and where they are."""

from typing import Any

from diffsmith.cards import ModelCard

__all__ = ["TRANSFORMERS"]

_LINEAR = {"name": "vp", "betas": "linear"}
_XL_2 = {"patch": 2, "heads": 16, "head_dim": 72, "depth": 28, "variance": True}
_SD_LATENTS = {"name": "kl", "scaling": 0.18215}
_SDXL_LATENTS = {"name": "kl", "scaling": 0.13025, "needs_float32": True}
_DPMPP = {
    "scheduler": {"name": "dpmpp_2m", "lower_order_final": True},
    "spacing": {"name": "linspace", "whole": True, "closed": False, "steps": 20},
}
_T5_XXL = {"text_encoder": 4_762_310_656}
_CLIP_L = {"text_encoder": 123_060_480}
_SIGMA_PARTS = "PixArt-alpha/pixart_sigma_sdxlvae_T5_diffusers"


def _dit(name: str, summary: str, aliases: tuple[str, ...], side: int, **facts: Any) -> ModelCard:
    return ModelCard(
        name,
        summary,
        "diffsmith_image.dit:dit",
        aliases,
        schedule=_LINEAR,
        shape=(4, side, side),
        classes=1000,
        part="transformer",
        usual={
            "scheduler": {"name": "ddim"},
            "spacing": {"name": "leading", "steps": 50},
            "guidance": {"name": "cfg", "scale": 4.0},
        },
        licence="CC-BY-NC-4.0",
        **facts,
    )


def _dit_of_diffusers(pixels: int) -> ModelCard:
    weights = f"facebook/DiT-XL-2-{pixels}"
    return _dit(
        f"dit_xl_2_{pixels}",
        f"DiT-XL/2: ImageNet's classes at {pixels} pixels (Peebles & Xie 2023).",
        (weights, weights.partition("/")[2]),
        pixels // 8,
        defaults={**_XL_2, "embeddings": "per_block"},
        autoencoder=_SD_LATENTS,
        weights=weights,
        source="Peebles & Xie 2023, Scalable Diffusion Models with Transformers",
    )


def _dit_of_its_authors(pixels: int) -> ModelCard:
    file = f"DiT-XL-2-{pixels}x{pixels}.pt"
    return _dit(
        f"dit_xl_2_{pixels}_original",
        f"DiT-XL/2 as its authors' file {file} has it (Peebles & Xie 2023).",
        (file,),
        pixels // 8,
        defaults={**_XL_2, "shift": 0.0, "eps": 1e-6},
        autoencoder={**_SD_LATENTS, "weights": "stabilityai/sd-vae-ft-mse"},
        source=f"Peebles & Xie 2023; {file} by hand from github.com/facebookresearch/DiT",
    )


def _pixart(name: str, summary: str, weights: str, side: int, **facts: Any) -> ModelCard:
    return ModelCard(
        name,
        summary,
        "diffsmith_image.pixart:pixart",
        (weights, weights.partition("/")[2]),
        schedule=_LINEAR,
        shape=(4, side, side),
        part="transformer",
        usual={**_DPMPP, "guidance": {"name": "cfg", "scale": 4.5}},
        encoders=_T5_XXL,
        weights=weights,
        licence="CreativeML Open RAIL++-M",
        **facts,
    )


def _alpha(pixels: int, folder: str, *, sizes: bool, interpolation: float) -> ModelCard:
    return _pixart(
        f"pixart_alpha_{pixels}",
        f"PixArt-alpha: prompts at {pixels} pixels (Chen et al. 2023).",
        f"PixArt-alpha/{folder}",
        pixels // 8,
        defaults={**_XL_2, "sizes": sizes, "interpolation": interpolation},
        autoencoder=_SD_LATENTS,
        conditioner={"name": "pixart", "length": 120, "sizes": sizes},
        source="Chen et al. 2023, PixArt-alpha: Fast Training of Diffusion Transformer",
    )


def _sigma(size: str, pixels: int, parts: dict[str, str]) -> ModelCard:
    """parts: where autoencoder and text encoder lie if not beside the network."""
    return _pixart(
        f"pixart_sigma_{size}",
        f"PixArt-Sigma: long prompts at {pixels} pixels (Chen et al. 2024).",
        f"PixArt-alpha/PixArt-Sigma-XL-2-{size.upper()}-MS",
        pixels // 8,
        defaults={**_XL_2, "interpolation": pixels / 512},
        autoencoder={**_SDXL_LATENTS, **parts},
        conditioner={"name": "pixart", "length": 300, "sizes": False, **parts},
        source="Chen et al. 2024, PixArt-Sigma: Weak-to-Strong Training of Diffusion Transformer",
    )


def _uvit(name: str, summary: str, **facts: Any) -> ModelCard:
    return ModelCard(
        name,
        summary,
        "diffsmith_image.uvit:uvit",
        shape=(4, 32, 32),
        licence="MIT",
        source="Bao et al. 2023, All are Worth Words; weights by hand from github.com/baofff/U-ViT",
        **facts,
    )


_SD = {"weights": "stable-diffusion-v1-5/stable-diffusion-v1-5"}

TRANSFORMERS = [
    _dit_of_diffusers(256),
    _dit_of_diffusers(512),
    _dit_of_its_authors(256),
    _dit_of_its_authors(512),
    _alpha(512, "PixArt-XL-2-512x512", sizes=False, interpolation=1.0),
    _alpha(1024, "PixArt-XL-2-1024-MS", sizes=True, interpolation=2.0),
    _sigma("512", 512, {"weights": _SIGMA_PARTS}),
    _sigma("1024", 1024, {}),
    _sigma("2k", 2048, {"weights": _SIGMA_PARTS}),
    _uvit(
        "uvit_l_2",
        "U-ViT-L/2: ImageNet's classes at 256 pixels (Bao et al. 2023).",
        defaults={"patch": 2, "width": 1024, "depth": 21, "heads": 16},
        classes=1000,
        schedule={"name": "vp_sde", "eps": 1e-4},
        autoencoder={**_SD_LATENTS, **_SD},
        usual={
            "scheduler": {"name": "dpm_fast"},
            "spacing": {"name": "trailing", "steps": 50},
            "guidance": {"name": "cfg", "scale": 1.4},
        },
    ),
    _uvit(
        "uvit_s_2_coco",
        "U-ViT-S/2: prompts at 256 pixels, learnt from MS-COCO (Bao et al. 2023).",
        defaults={"patch": 2, "width": 512, "depth": 13, "heads": 8, "text_width": 768, "first": 1},
        schedule={"name": "vp", "betas": "scaled_linear"},
        autoencoder={"name": "kl", "scaling": 0.2301, **_SD},
        conditioner={"name": "uvit_t2i", **_SD},
        encoders=_CLIP_L,
        usual={
            "scheduler": {"name": "dpmpp_2m"},
            "spacing": {"name": "linspace", "steps": 50},
            "guidance": {"name": "cfg", "scale": 2.0},
        },
    ),
]
"""Cards in the order of their families; every fact as published with the weights."""
