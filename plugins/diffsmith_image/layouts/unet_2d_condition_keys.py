"""What a config.json of diffusers' UNet2DConditionModel may say, and what it means where it is silent."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from diffsmith.errors import SpecError
from diffsmith.options import faults_of

__all__ = ["CLASS", "Keys", "each", "keys_of"]

CLASS = "UNet2DConditionModel"

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Eachs = Positive | tuple[Positive, ...]
Nested = tuple[Count | Annotated[tuple[Positive, ...], Field(min_length=1)], ...]
Down = Literal["CrossAttnDownBlock2D", "DownBlock2D"]
Up = Literal["CrossAttnUpBlock2D", "UpBlock2D"]


class Keys(BaseModel):
    """The keys and their defaults (diffusers 0.42); a key with one possible value is one we do not vary."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    sample_size: Positive | tuple[Positive, Positive] | None = None
    in_channels: Positive = 4
    out_channels: Positive = 4
    center_input_sample: Literal[False] = False
    flip_sin_to_cos: bool = True
    freq_shift: Annotated[float, Field(ge=0)] = 0
    down_block_types: tuple[Down, ...] = (*["CrossAttnDownBlock2D"] * 3, "DownBlock2D")
    mid_block_type: Literal["UNetMidBlock2DCrossAttn", "UNetMidBlock2D"] | None = "UNetMidBlock2DCrossAttn"
    up_block_types: tuple[Up, ...] = ("UpBlock2D", *["CrossAttnUpBlock2D"] * 3)
    only_cross_attention: Literal[False] | tuple[Literal[False], ...] = False
    block_out_channels: Annotated[tuple[Positive, ...], Field(min_length=1)] = (320, 640, 1280, 1280)
    layers_per_block: Eachs = 2
    downsample_padding: Literal[1] = 1
    mid_block_scale_factor: Literal[1] = 1
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    act_fn: Literal["silu", "swish"] = "silu"
    norm_num_groups: Positive = 32
    norm_eps: Annotated[float, Field(gt=0)] = 1e-5
    cross_attention_dim: Eachs = 1280
    transformer_layers_per_block: Count | Nested = 1
    reverse_transformer_layers_per_block: Nested | None = None
    encoder_hid_dim: None = None
    encoder_hid_dim_type: None = None
    attention_head_dim: Eachs = 8
    num_attention_heads: None = None
    dual_cross_attention: Literal[False] = False
    use_linear_projection: bool = False
    class_embed_type: None = None
    addition_embed_type: Literal["text_time"] | None = None
    addition_time_embed_dim: Positive | None = None
    num_class_embeds: Annotated[int, Field(ge=2)] | None = None
    upcast_attention: bool | None = False
    resnet_time_scale_shift: Literal["default"] = "default"
    resnet_skip_time_act: Literal[False] = False
    resnet_out_scale_factor: Literal[1] = 1
    time_embedding_type: Literal["positional"] = "positional"
    time_embedding_dim: Positive | None = None
    time_embedding_act_fn: None = None
    timestep_post_act: None = None
    time_cond_proj_dim: Positive | None = None
    conv_in_kernel: Literal[3] = 3
    conv_out_kernel: Literal[3] = 3
    projection_class_embeddings_input_dim: Positive | None = None
    attention_type: Literal["default"] = "default"
    class_embeddings_concat: Literal[False] = False
    mid_block_only_cross_attention: Literal[False] | None = None
    cross_attention_norm: None = None


def keys_of(config: Mapping[str, Any]) -> Keys:
    """A config.json's content, completed; keys of other classes are ignored, a SpecError lists all faults."""
    try:
        return Keys.model_validate(dict(config))
    except ValidationError as error:
        raise SpecError(faults_of(error, Keys, CLASS)) from None


def each(value: Any, count: int) -> tuple[Any, ...]:
    """A list as it is, or one number as often as there are places for it."""
    return value if isinstance(value, tuple) else (value,) * count
