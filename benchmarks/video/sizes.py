"""What is compared: pipelines by size, as the options of the classes that they are made of."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

__all__ = ["SIZES", "Size", "picture"]

Options = dict[str, Any]


@dataclass(frozen=True)
class Size:
    """A pipeline of one kind: its parts' options, its clip, how far it walks.

    encoder: of what it is told by. pixels: height and width of a frame. spacing: as its scheduler is
    configured. dtype: of the weights in the files. warm: the size that is walked before anything is measured.
    """

    kind: Literal["svd", "animatediff"]
    unet: Options
    autoencoder: Options
    encoder: Options
    frames: int
    pixels: tuple[int, int]
    steps: int
    spacing: Options
    warm: str
    dtype: str = "float32"

    @property
    def latent(self) -> tuple[int, int, int, int]:
        """Channels, frames, height, width."""
        height, width = self.pixels
        return 4, self.frames, height // 8, width // 8

    def __str__(self) -> str:
        height, width = self.pixels
        return f"{self.frames} frames of {width}x{height} pixels, {self.steps} steps"


def picture(folder: Path) -> Path:
    """What the pipeline in a folder is shown, if it is shown one."""
    return folder.with_suffix(".png")


_KARRAS = {"name": "karras", "sigma_min": 0.002, "sigma_max": 700.0, "within": "leading", "offset": 1}
_LEADING = {"name": "leading", "offset": 1}

_SVD: Options = {
    "block_out_channels": (320, 640, 1280, 1280),
    "num_attention_heads": (5, 10, 20, 20),
    "cross_attention_dim": 1024,
    "in_channels": 8,
    "out_channels": 4,
}
_MOTION: Options = {
    "block_out_channels": (320, 640, 1280, 1280),
    "num_attention_heads": 8,
    "motion_num_attention_heads": 8,
    "cross_attention_dim": 768,
}
_VAE: Options = {"block_out_channels": (128, 256, 512, 512), "layers_per_block": 2, "force_upcast": False}
_VISION_H: Options = {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 16,
    "projection_dim": 1024,
    "patch_size": 14,
    "hidden_act": "gelu",
}
_CLIP_L: Options = {"hidden_size": 768, "intermediate_size": 3072, "layers": 12, "heads": 12}

_HALF_VISION: Options = {
    **_VISION_H,
    "hidden_size": 640,
    "intermediate_size": 2560,
    "num_attention_heads": 8,
    "projection_dim": 512,
}
_HALF_VAE: Options = {**_VAE, "block_out_channels": (64, 128, 256, 256)}
_TINY_VAE: Options = {**_VAE, "block_out_channels": (32, 32, 32, 32), "layers_per_block": 1}
_TINY: Options = {"block_out_channels": (32, 64, 64, 64), "cross_attention_dim": 64, "layers_per_block": 1}
_TINY_VISION: Options = {
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "projection_dim": 64,
    "patch_size": 112,
    "hidden_act": "gelu",
}

SIZES: dict[str, Size] = {
    "svd_tiny": Size(
        "svd",
        {**_SVD, **_TINY, "num_attention_heads": (2, 4, 4, 4)},
        _TINY_VAE,
        _TINY_VISION,
        frames=4,
        pixels=(64, 64),
        steps=5,
        spacing=_KARRAS,
        warm="svd_tiny",
    ),
    "svd_narrow": Size(
        "svd",
        {**_SVD, "block_out_channels": (160, 320, 640, 640), "cross_attention_dim": 512},
        _HALF_VAE,
        _HALF_VISION,
        frames=8,
        pixels=(192, 192),
        steps=5,
        spacing=_KARRAS,
        warm="svd_tiny",
    ),
    "svd": Size(
        "svd",
        _SVD,
        {**_VAE, "force_upcast": True},
        _VISION_H,
        frames=14,
        pixels=(576, 1024),
        steps=20,
        spacing=_KARRAS,
        dtype="float16",
        warm="svd_tiny",
    ),
    "animatediff_tiny": Size(
        "animatediff",
        {**_MOTION, **_TINY, "num_attention_heads": 2, "motion_num_attention_heads": 2},
        _TINY_VAE,
        {**_CLIP_L, "hidden_size": 64, "intermediate_size": 64, "layers": 2, "heads": 2},
        frames=4,
        pixels=(64, 64),
        steps=5,
        spacing=_LEADING,
        warm="animatediff_tiny",
    ),
    "animatediff_narrow": Size(
        "animatediff",
        {
            **_MOTION,
            "block_out_channels": (160, 320, 640, 640),
            "num_attention_heads": 4,  # heads as wide as the published ones
            "motion_num_attention_heads": 4,
        },
        _HALF_VAE,
        _CLIP_L,
        frames=16,
        pixels=(128, 128),
        steps=5,
        spacing=_LEADING,
        warm="animatediff_tiny",
    ),
    "animatediff": Size(
        "animatediff",
        _MOTION,
        _VAE,
        _CLIP_L,
        frames=16,
        pixels=(512, 512),
        steps=20,
        spacing=_LEADING,
        dtype="float16",
        warm="animatediff_tiny",
    ),
}
