"""What was published, and how it is written down: models, their classes, files, adapters."""

from typing import Any

from diffsmith.cards import AdapterCard, Card, ConditionerCard, ModelCard, cards_in

from .animatediff_published import ANIMATEDIFF
from .multiview_published import MULTIVIEW
from .svd import SVD
from .text_to_video import TEXT_TO_VIDEO

__all__ = ["ADAPTERS", "CONDITIONERS", "LAYOUTS", "MODELS", "PIPELINES", "SINGLE_FILES"]


def _builder(module: str, schedule: dict[str, Any] | None = None, **facts: Any) -> list[Card]:
    usual = schedule or {"name": "vp", "betas": "scaled_linear"}
    return cards_in(
        f"diffsmith_video.{module}", ModelCard, modality="video", schedule=usual, part="unet", **facts
    )


_BUILDERS = [
    *_builder("animatediff", {"name": "vp", "betas": "linear"}),
    *_builder("clip_unet"),
    *_builder("i2vgen", {"name": "vp", "betas": "cosine", "terminal": "zero"}, prediction={"name": "v"}),
    *_builder("multiview"),
    *_builder("spatio_temporal_unet", prediction={"name": "v"}),
    *_builder("videocrafter"),
]
MODELS = [*_BUILDERS, *ANIMATEDIFF, *MULTIVIEW, *SVD, *TEXT_TO_VIDEO]

_TOLD = "diffsmith_video.conditioners"
CONDITIONERS = [
    *cards_in(f"{_TOLD}.pictures", ConditionerCard, reads=("picture",)),
    *cards_in(f"{_TOLD}.views", ConditionerCard),
    *cards_in(f"{_TOLD}.words_and_speed", ConditionerCard),
    *cards_in(f"{_TOLD}.heads", ConditionerCard, reads=("text", "picture")),
    *cards_in(f"{_TOLD}.words_and_pictures", ConditionerCard, reads=("text", "picture")),
]

ADAPTERS = [
    AdapterCard(
        "motion",
        "Motion modules, which make a U-Net of pictures one of clips (Guo et al. 2023).",
        "diffsmith_video.adapters:motion",
        part="motion_adapter",
        becomes="diffsmith_video.layouts.motion_adapter:motion_choice",
    ),
    AdapterCard(
        "motion_lora",
        "Low-rank changes to a network's layers (Hu et al. 2022).",
        "diffsmith_video.adapters:motion_lora",
    ),
]

_HERE = "diffsmith_video.layouts"
LAYOUTS = [
    Card("I2VGenXLUNet", "The U-Net of I2VGen-XL", f"{_HERE}.i2vgen:LAYOUT"),
    Card("UNet3DConditionModel", "The U-Net of ModelScope and Zeroscope", f"{_HERE}.unet_3d:LAYOUT"),
    Card("UNetMotionModel", "The U-Net of AnimateDiff", f"{_HERE}.unet_motion:LAYOUT"),
    Card("UNetSpatioTemporalConditionModel", "The U-Net of SVD", f"{_HERE}.unet_spatio_temporal:LAYOUT"),
]

_FILES = "diffsmith_video.single_files"
SINGLE_FILES = [
    Card("motion_modules", "Motion modules as AnimateDiff's authors wrote them", f"{_FILES}.motion:motion"),
    Card("motion_lora", "Motion LoRAs as AnimateDiff's authors wrote them", f"{_FILES}.motion:motion_lora"),
    Card("mvdream", "MVDream as its authors wrote it", f"{_FILES}.mvdream:mvdream"),
    Card("svd", "Stable Video Diffusion as its authors wrote it", f"{_FILES}.svd:svd"),
    Card("videocrafter", "VideoCrafter as its authors wrote it", f"{_FILES}.videocrafter:videocrafter"),
]

_FAMILIES = {
    "ANIMATEDIFF": ("AnimateDiff", "AnimateDiffVideoToVideo"),
    "ANIMATEDIFF_SDXL": ("AnimateDiffSDXL",),
    "I2VGEN": ("I2VGenXL",),
    "SVD": ("StableVideoDiffusion",),
    "TEXT_TO_VIDEO": ("TextToVideoSD",),
    "VIDEO_TO_VIDEO": ("VideoToVideoSD",),
}
PIPELINES = [
    Card(f"{name}Pipeline", f"What {name}Pipeline implies", f"diffsmith_video.pipelines:{family}")
    for family, names in _FAMILIES.items()
    for name in names
]
