"""What a config.json of diffusers' UNetMotionModel may say, and what it means where it is silent."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from diffsmith.errors import SpecError
from diffsmith.options import faults_of

__all__ = ["CLASS", "Keys", "each", "frames_of", "keys_of"]

CLASS = "UNetMotionModel"

Positive = Annotated[int, Field(ge=1)]
Eachs = Positive | tuple[Positive, ...]
Nested = tuple[Positive | Annotated[tuple[Positive, ...], Field(min_length=1)], ...]
Down = Literal["CrossAttnDownBlockMotion", "DownBlockMotion"]
Up = Literal["CrossAttnUpBlockMotion", "UpBlockMotion"]


class Keys(BaseModel):
    """The keys and their defaults (diffusers 0.42); a key with one possible value is one we do not vary."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    sample_size: Positive | tuple[Positive, Positive] | None = None
    in_channels: Positive = 4
    out_channels: Positive = 4
    down_block_types: tuple[Down, ...] = (*["CrossAttnDownBlockMotion"] * 3, "DownBlockMotion")
    up_block_types: tuple[Up, ...] = ("UpBlockMotion", *["CrossAttnUpBlockMotion"] * 3)
    block_out_channels: Annotated[tuple[Positive, ...], Field(min_length=1)] = (320, 640, 1280, 1280)
    layers_per_block: Eachs = 2
    downsample_padding: Literal[1] = 1
    mid_block_scale_factor: Literal[1] = 1
    act_fn: Literal["silu", "swish"] = "silu"
    norm_num_groups: Positive = 32
    norm_eps: Annotated[float, Field(gt=0)] = 1e-5
    cross_attention_dim: Eachs = 1280
    transformer_layers_per_block: Positive | Nested = 1
    reverse_transformer_layers_per_block: Positive | Nested | None = None
    temporal_transformer_layers_per_block: Positive | Nested = 1
    reverse_temporal_transformer_layers_per_block: Positive | Nested | None = None
    transformer_layers_per_mid_block: Eachs | None = None
    temporal_transformer_layers_per_mid_block: Eachs = 1
    use_linear_projection: bool = False
    num_attention_heads: Eachs = 8
    motion_max_seq_length: Positive = 32
    motion_num_attention_heads: Eachs = 8
    reverse_motion_num_attention_heads: None = None
    use_motion_mid_block: bool = True
    mid_block_layers: Literal[1] = 1
    encoder_hid_dim: None = None
    encoder_hid_dim_type: None = None
    addition_embed_type: Literal["text_time"] | None = None
    addition_time_embed_dim: Positive | None = None
    projection_class_embeddings_input_dim: Positive | None = None
    time_cond_proj_dim: Positive | None = None
    num_frames: Positive | None = None  # our own, which the class leaves unread: frames of a clip


def keys_of(config: Mapping[str, Any]) -> Keys:
    """A config.json's content, completed; keys of other classes are ignored, a SpecError lists all faults."""
    try:
        return Keys.model_validate(dict(config))
    except ValidationError as error:
        raise SpecError(faults_of(error, Keys, CLASS)) from None


def frames_of(most: int) -> int:
    """The frames of a clip, where a configuration does not tell them: these U-Nets make any number."""
    return min(16, most)


def each(value: Any, count: int) -> tuple[Any, ...]:
    """A list as it is, or one number as often as there are places for it."""
    return value if isinstance(value, tuple) else (value,) * count
