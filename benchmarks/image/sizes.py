"""What is compared: pipelines by size, as the options of the classes that they are made of."""

from dataclasses import dataclass, field
from typing import Any

__all__ = ["SIZES", "Size"]

Options = dict[str, Any]


@dataclass(frozen=True)
class Size:
    """A pipeline of Stable Diffusion's kind: its parts' options, its picture, how far it walks.

    side: of the picture, in pixels. second: the options of SDXL's other text encoder. dtype: of the weights
    in the files. warm: the size that is walked before anything is measured.
    """

    unet: Options
    autoencoder: Options
    text: Options
    side: int
    steps: int
    second: Options = field(default_factory=dict)
    dtype: str = "float32"
    warm: str = "tiny"

    def __str__(self) -> str:
        return f"{self.side} pixels, {self.steps} steps"


_CROSS = {
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
}
_CLIP_L: Options = {"hidden_size": 768, "intermediate_size": 3072, "layers": 12, "heads": 12}
_CLIP_G: Options = {"hidden_size": 1280, "intermediate_size": 5120, "layers": 32, "heads": 20, "act": "gelu"}
_VAE: Options = {
    "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2,
    "scaling_factor": 0.18215,
    "force_upcast": False,
}
_SD15: Options = {
    "block_out_channels": (320, 640, 1280, 1280),
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
    **_CROSS,
}
_SDXL: Options = {
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 1280 + 6 * 256,
    "cross_attention_dim": 2048,
}

SIZES: dict[str, Size] = {
    "tiny": Size(
        {**_SD15, "block_out_channels": (32, 32, 64, 64), "cross_attention_dim": 64, "layers_per_block": 1},
        {**_VAE, "block_out_channels": (32, 32, 32, 32), "layers_per_block": 1},
        {**_CLIP_L, "hidden_size": 64, "intermediate_size": 64, "layers": 2, "heads": 2},
        side=64,
        steps=4,
    ),
    "narrow": Size(
        {
            **_SD15,
            "block_out_channels": (160, 320, 640, 640),
            "attention_head_dim": 4,
        },  # heads as wide as its
        {**_VAE, "block_out_channels": (64, 128, 256, 256)},
        _CLIP_L,
        side=256,
        steps=6,
    ),
    "sd15": Size(_SD15, _VAE, _CLIP_L, side=512, steps=20, dtype="float16"),
    "sdxl": Size(
        _SDXL,
        {**_VAE, "scaling_factor": 0.13025, "force_upcast": True},
        _CLIP_L,
        side=1024,
        steps=20,
        second=_CLIP_G,
        dtype="float16",
    ),
}
