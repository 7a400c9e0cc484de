"""Published pixel U-Nets of DDPM, NCSN++ and ADM: their numbers, and where they are."""

from typing import Any

from diffsmith.cards import ModelCard

__all__ = ["ADM", "DDPM", "NCSNPP", "OPENAI"]

OPENAI = "https://openaipublic.blob.core.windows.net"
_CLIP = {"name": "clip"}


def _ddpm(name: str, summary: str, weights: str, side: int, variance: str, **numbers: Any) -> ModelCard:
    return ModelCard(
        name,
        summary,
        "diffsmith_image.pixel_unets.plain:pixel_unet",
        (weights, weights.partition("/")[2]),
        schedule={"name": "vp", "betas": "linear"},
        defaults={"layers": 2, "flip": False, "shift": 1.0, "pad": "after", "eps": 1e-6, **numbers},
        shape=(3, side, side),
        part="unet",
        usual={
            "scheduler": {"name": "ddpm", "variance": variance},
            "spacing": {"name": "leading", "steps": 1000},
            "threshold": _CLIP,
        },
        weights=weights,
        licence="Apache-2.0",
        source="Ho et al. 2020, Denoising Diffusion Probabilistic Models",
    )


def _ddpm_256(what: str, pictures: str) -> ModelCard:
    return _ddpm(
        f"ddpm_{what}_256",
        f"DDPM: {pictures} at 256 pixels (Ho et al. 2020).",
        f"google/ddpm-{what}-256",
        256,
        "fixed_small",
        widths=(128, 128, 256, 256, 512, 512),
        attention=(4,),
    )


_PICTURES = {"church": "churches", "bedroom": "bedrooms", "cat": "cats", "celebahq": "faces"}

DDPM = [
    _ddpm(
        "ddpm_cifar10",
        "DDPM: CIFAR-10 at 32 pixels (Ho et al. 2020).",
        "google/ddpm-cifar10-32",
        32,
        "fixed_large",
        widths=(128, 256, 256, 256),
        attention=(1,),
    ),
    *(_ddpm_256(what, pictures) for what, pictures in _PICTURES.items()),
]


def _ncsnpp(what: str, side: int, sigma_max: float, snr: float, **numbers: Any) -> ModelCard:
    weights = f"google/ncsnpp-{what}-{side}"
    return ModelCard(
        f"ncsnpp_{what}_{side}",
        f"NCSN++: {_PICTURES.get(what, 'faces')} at {side} pixels (Song et al. 2020).",
        "diffsmith_image.pixel_unets.skip:skip_unet",
        (weights, weights.partition("/")[2]),
        schedule={"name": "ve", "sigma_max": sigma_max, "label": "sigma"},
        prediction={"name": "score"},
        defaults=numbers,
        shape=(3, side, side),
        autoencoder={"name": "unit_range"},
        part="unet",
        usual={
            "scheduler": {"name": "predictor_corrector", "snr": snr, "norms": "batch"},
            "spacing": {"name": "exponential", "steps": 2000},
        },
        weights=weights,
        licence="Apache-2.0",
        source="Song et al. 2020, Score-Based Generative Modeling through Stochastic Differential Equations",
    )


_NCSNPP_256: dict[str, Any] = {
    "widths": (128, 128, 256, 256, 256, 256, 256),
    "layers": 2,
    "attention": (4,),
}

NCSNPP = [
    _ncsnpp("celebahq", 256, 348.0, 0.075, **_NCSNPP_256),
    _ncsnpp("church", 256, 380.0, 0.075, **_NCSNPP_256),
    _ncsnpp("bedroom", 256, 378.0, 0.075, **_NCSNPP_256),
    _ncsnpp("ffhq", 1024, 1348.0, 0.15, widths=(16, 32, 64, 128, 256, 512, 512, 512), attention=(6,)),
]


def _adm(name: str, what: str, side: int, file: str, betas: str = "linear", **numbers: Any) -> ModelCard:
    return ModelCard(
        name,
        f"ADM: {what} at {side} pixels (Dhariwal & Nichol 2021).",
        "diffsmith_image.pixel_unets.plain:pixel_unet",
        (file,),
        schedule={"name": "vp", "betas": betas},
        defaults={**_ADM, **_SIZES[side], **numbers},
        shape=(3, side, side),
        classes=1000 if what == "ImageNet's classes" else None,
        part="unet",
        usual={
            "scheduler": {"name": "ddpm", "variance": "learned_range"},
            "spacing": {"name": "linspace", "whole": True, "steps": 250},
            "threshold": _CLIP,
        },
        licence="MIT",
        source="Dhariwal & Nichol 2021, Diffusion Models Beat GANs on Image Synthesis; weights by hand from "
        f"{OPENAI}/diffusion/jul-2021/{file}.pt",
    )


_ADM = {"layers": 2, "head_dim": 64, "time": "scale_shift", "resample": "resnet", "variance": True}
_SIZES: dict[int, dict[str, Any]] = {
    64: {"widths": (192, 384, 576, 768), "attention": (1, 2, 3), "layers": 3},
    128: {"widths": (256, 256, 512, 768, 1024), "attention": (2, 3, 4), "head_dim": None, "heads": 4},
    256: {"widths": (256, 256, 512, 512, 1024, 1024), "attention": (3, 4, 5)},
    512: {"widths": (128, 256, 256, 512, 512, 1024, 1024), "attention": (4, 5, 6), "waves": 256},
}

ADM = [
    _adm("adm_imagenet64", "ImageNet's classes", 64, "64x64_diffusion", "cosine"),
    _adm("adm_imagenet128", "ImageNet's classes", 128, "128x128_diffusion"),
    _adm("adm_imagenet256", "ImageNet's classes", 256, "256x256_diffusion"),
    _adm("adm_imagenet512", "ImageNet's classes", 512, "512x512_diffusion"),
    _adm("adm_imagenet256_uncond", "ImageNet, without its classes,", 256, "256x256_diffusion_uncond"),
    _adm("adm_lsun_bedroom", "bedrooms", 256, "lsun_bedroom"),
    _adm("adm_lsun_cat", "cats", 256, "lsun_cat"),
    _adm("adm_lsun_horse", "horses", 256, "lsun_horse"),
]
