"""What a config.json of diffusers' UNet2DModel may say, and what it means where it is silent."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from diffsmith.errors import SpecError
from diffsmith.options import faults_of

__all__ = ["CLASS", "Keys", "keys_of"]

CLASS = "UNet2DModel"

Positive = Annotated[int, Field(ge=1)]
Down = Literal[
    "DownBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D", "SkipDownBlock2D", "AttnSkipDownBlock2D"
]
Up = Literal["UpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D", "SkipUpBlock2D", "AttnSkipUpBlock2D"]
Sampler = Literal["conv", "resnet"]


class Keys(BaseModel):
    """The keys and their defaults (diffusers 0.42); a key with one possible value is one we do not vary."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    sample_size: Positive | tuple[Positive, Positive] | None = None
    in_channels: Positive = 3
    out_channels: Positive = 3
    center_input_sample: Literal[False] = False
    time_embedding_type: Literal["positional", "fourier"] = "positional"
    time_embedding_dim: Positive | None = None
    freq_shift: Annotated[float, Field(ge=0)] | None = 0
    flip_sin_to_cos: bool | None = True
    down_block_types: tuple[Down, ...] = (
        "DownBlock2D",
        "AttnDownBlock2D",
        "AttnDownBlock2D",
        "AttnDownBlock2D",
    )
    mid_block_type: Literal["UNetMidBlock2D"] | None = "UNetMidBlock2D"
    up_block_types: tuple[Up, ...] = ("AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D")
    block_out_channels: Annotated[tuple[Positive, ...], Field(min_length=1)] = (224, 448, 672, 896)
    layers_per_block: Positive = 2
    mid_block_scale_factor: Annotated[float, Field(gt=0)] = 1
    downsample_padding: Literal[0, 1] = 1
    downsample_type: Sampler = "conv"
    upsample_type: Sampler = "conv"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    act_fn: Literal["silu", "swish"] = "silu"
    attention_head_dim: Positive | None = 8
    norm_num_groups: Positive | None = 32
    attn_norm_num_groups: Positive | None = None
    norm_eps: Annotated[float, Field(gt=0)] = 1e-5
    resnet_time_scale_shift: Literal["default", "scale_shift"] = "default"
    add_attention: bool = True
    class_embed_type: None = None
    num_class_embeds: Positive | None = None


def keys_of(config: Mapping[str, Any]) -> Keys:
    """A config.json's content, completed; keys of other classes are ignored, a SpecError lists all faults."""
    try:
        return Keys.model_validate(dict(config))
    except ValidationError as error:
        raise SpecError(faults_of(error, Keys, CLASS)) from None
