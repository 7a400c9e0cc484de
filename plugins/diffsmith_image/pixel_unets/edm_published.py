"""Published networks of NVlabs/edm: their numbers, and how their weights can be had."""

from typing import Any

from diffsmith.cards import ModelCard

from . import trained

__all__ = ["EDM"]

_HERE = "diffsmith_image.pixel_unets"
_SONG = {"width": 128, "layers": 4}
_CIFAR = {**_SONG, "multipliers": (2, 2, 2), "attention": (1,), "augment": 9}
_FACES = {**_SONG, "multipliers": (1, 2, 2, 2), "attention": (2,), "augment": 9}
_BASELINE = {**_SONG, "multipliers": (1, 2, 2, 2), "attention": (1,)}
_ADM: dict[str, Any] = {
    "widths": (192, 384, 576, 768),
    "layers": 3,
    "attention": (1, 2, 3),
    "head_dim": 64,
    "time": "scale_shift",
    "resample": "resnet",
}
_REFS = {"ddpmpp": "edm:ddpmpp", "ncsnpp": "edm:ncsnpp", "adm": "plain:pixel_unet"}


def _usual(steps: int, **churn: float) -> dict[str, Any]:
    """Algorithm 2 between sigma 80 and 0.002."""
    ends = {"sigma_min": 0.002, "sigma_max": 80.0}
    return {"scheduler": {"name": "heun", **churn}, "spacing": {"name": "karras", "steps": steps, **ends}}


def _card(name: str, summary: str, network: str, side: int, file: str, **facts: Any) -> ModelCard:
    address = f"https://nvlabs-fi-cdn.nvidia.com/edm/pretrained/{file}.pkl"
    return ModelCard(
        name,
        f"{summary} at {side} pixels (Karras et al. 2022).",
        f"{_HERE}.{_REFS[network]}",
        (file.rpartition("/")[2],),
        shape=(3, side, side),
        part="unet",
        licence="CC-BY-NC-SA-4.0",
        source="Karras et al. 2022, Elucidating the Design Space of Diffusion-Based Generative Models; "
        f"weights: {address} is a pickle of code, which is never loaded here; with NVIDIA's own program save "
        "its ['ema'].state_dict() as safetensors",
        **facts,
    )


def _pair(
    name: str, summary: str, side: int, file: str, steps: int, numbers: Any, **facts: Any
) -> list[ModelCard]:
    """Both networks: vp is DDPM++, ve NCSN++."""
    return [
        _card(
            f"edm_{name}_{path}",
            f"{network.upper().replace('PP', '++')} with EDM's preconditioning: {summary}",
            network,
            side,
            f"edm-{file}-{path}",
            defaults=numbers,
            usual=_usual(steps),
            **trained.EDM,
            **facts,
        )
        for path, network in (("vp", "ddpmpp"), ("ve", "ncsnpp"))
    ]


EDM = [
    *_pair("cifar10_uncond", "CIFAR-10", 32, "cifar10-32x32-uncond", 18, _CIFAR),
    *_pair("cifar10_cond", "CIFAR-10's classes", 32, "cifar10-32x32-cond", 18, _CIFAR, classes=10),
    *_pair("ffhq64", "faces", 64, "ffhq-64x64-uncond", 40, _FACES),
    *_pair("afhqv2_64", "animals' faces", 64, "afhqv2-64x64-uncond", 40, _FACES),
    _card(
        "edm_imagenet64",
        "ADM with EDM's preconditioning: ImageNet's classes",
        "adm",
        64,
        "edm-imagenet-64x64-cond-adm",
        defaults=_ADM,
        classes=1000,
        usual=_usual(256, gamma=40 / 256, s_tmin=0.05, s_tmax=50.0, s_noise=1.003),
        **trained.EDM,
    ),
    _card(
        "edm_baseline_cifar10_vp",
        "DDPM++ of Song et al. (2020): CIFAR-10",
        "ddpmpp",
        32,
        "baseline/baseline-cifar10-32x32-uncond-vp",
        defaults=_BASELINE,
        **trained.VP,
        usual=_usual(18),
    ),
    _card(
        "edm_baseline_cifar10_ve",
        "NCSN++ of Song et al. (2020): CIFAR-10",
        "ncsnpp",
        32,
        "baseline/baseline-cifar10-32x32-uncond-ve",
        defaults=_BASELINE,
        **trained.VE,
        usual=_usual(18),
    ),
    _card(
        "edm_baseline_imagenet64",
        "ADM of Dhariwal & Nichol (2021): ImageNet's classes",
        "adm",
        64,
        "baseline/baseline-imagenet-64x64-cond-adm",
        defaults={**_ADM, "variance": True},
        classes=1000,
        **trained.IDDPM,
        usual=_usual(256),
    ),
]
