"""Consistency models, which answer in one or two steps, and the EDM models they were distilled from."""

from typing import Any

from diffsmith.cards import ModelCard

from .published import OPENAI
from .trained import consistency

__all__ = ["CONSISTENCY", "TEACHERS"]

_REF = "diffsmith_image.pixel_unets.plain:pixel_unet"
_PAPER = "Song et al. 2023, Consistency Models"

_SIZES: dict[int, dict[str, Any]] = {
    64: {"widths": (192, 384, 576, 768), "attention": (1, 2, 3), "layers": 3, "time": "scale_shift"},
    256: {"widths": (256, 256, 512, 512, 1024, 1024), "attention": (3, 4, 5), "layers": 2},
}
_RESNETS = {"head_dim": 64, "resample": "resnet"}
_WHAT = {"imagenet64": (64, "ImageNet's classes"), "bedroom256": (256, "bedrooms"), "cat256": (256, "cats")}


def _consistency(name: str, what: str, timesteps: int, file: str) -> ModelCard:
    """Told 250 times the log of sigma; trained at so many levels."""
    side, pictures = _WHAT[what]
    how = "distilled" if name.startswith("cd") else "trained"
    weights = f"openai/diffusers-{file}"
    return ModelCard(
        name,
        f"Consistency model, {how}: {pictures} at {side} pixels (Song et al. 2023).",
        _REF,
        (weights, f"diffusers-{file}", *([file] if file != name else [])),
        **consistency(timesteps),
        defaults={**_SIZES[side], **_RESNETS},
        shape=(3, side, side),
        classes=1000 if what == "imagenet64" else None,
        part="unet",
        usual={
            "scheduler": {"name": "consistency"},
            "spacing": {"name": "trailing", "whole_stride": True, "final": "sigma_min", "steps": 1},
            "threshold": {"name": "clip"},
        },
        weights=weights,
        licence="MIT",
        source=f"{_PAPER}; original names: {OPENAI}/consistency/{file}.pt",
    )


CONSISTENCY = [
    _consistency("cd_imagenet64", "imagenet64", 40, "cd_imagenet64_l2"),
    _consistency("cd_imagenet64_lpips", "imagenet64", 40, "cd_imagenet64_lpips"),
    _consistency("ct_imagenet64", "imagenet64", 201, "ct_imagenet64"),
    _consistency("cd_bedroom256", "bedroom256", 40, "cd_bedroom256_l2"),
    _consistency("cd_bedroom256_lpips", "bedroom256", 40, "cd_bedroom256_lpips"),
    _consistency("ct_bedroom256", "bedroom256", 151, "ct_bedroom256"),
    _consistency("cd_cat256", "cat256", 40, "cd_cat256_l2"),
    _consistency("cd_cat256_lpips", "cat256", 40, "cd_cat256_lpips"),
    _consistency("ct_cat256", "cat256", 151, "ct_cat256"),
]


def _teacher(what: str) -> ModelCard:
    side, pictures = _WHAT[what]
    return ModelCard(
        f"edm_{what}" if side == 256 else f"edm_{what}_openai",
        f"EDM: {pictures} at {side} pixels, from which consistency models were distilled (Song et al. 2023).",
        _REF,
        (f"edm_{what}_ema",),
        schedule={"name": "edm", "label_scale": 1000.0},
        prediction={"name": "edm"},
        defaults={**_SIZES[side], **_RESNETS},
        shape=(3, side, side),
        classes=1000 if what == "imagenet64" else None,
        part="unet",
        usual={
            "scheduler": {"name": "heun"},
            "spacing": {"name": "karras", "steps": 40},
            "threshold": {"name": "clip"},
        },
        licence="MIT",
        source=f"{_PAPER}; weights by hand from {OPENAI}/consistency/edm_{what}_ema.pt",
    )


TEACHERS = [*map(_teacher, _WHAT)]
