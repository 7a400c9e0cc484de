"""UNetMotionModel: the U-Nets of AnimateDiff, as diffusers configures them."""

from collections.abc import Mapping, Sequence
from typing import Any

from diffsmith.errors import SpecError
from diffsmith.weights.layouts import Layout

from .unet_motion_keys import CLASS, Keys, each, frames_of, keys_of
from .unet_motion_written import config_of

__all__ = ["LAYOUT"]

SIDE = 64  # of the frames, where a configuration does not tell it: these U-Nets work at any


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    keys = keys_of(config)
    _require_levels(keys)
    levels = len(keys.block_out_channels)
    depths, up_depths = _depths(keys, levels)
    motion, motion_up = _ways(
        keys.temporal_transformer_layers_per_block, keys.reverse_temporal_transformer_layers_per_block, levels
    )
    return {
        "name": "motion_unet",
        "widths": keys.block_out_channels,
        "layers": _same("layers_per_block", keys.layers_per_block),
        "depths": depths,
        "up_depths": None if up_depths == depths else up_depths,
        "middle": _middle(keys),
        "heads": each(keys.num_attention_heads, levels),
        "motion_depths": motion,
        "motion_up_depths": None if motion_up == motion else motion_up,
        "motion_middle": _motion_middle(keys),
        "motion_heads": each(keys.motion_num_attention_heads, levels),
        "frames_max": keys.motion_max_seq_length,
        "text_width": _same("cross_attention_dim", keys.cross_attention_dim),
        **_added(keys),
        "guidance": keys.time_cond_proj_dim or 0,
        "extra_channels": keys.in_channels - keys.out_channels,
        "linear": keys.use_linear_projection,
        "groups": keys.norm_num_groups,
        "eps": keys.norm_eps,
        "shape": (
            keys.out_channels,
            keys.num_frames or frames_of(keys.motion_max_seq_length),
            *each(keys.sample_size or SIDE, 2),
        ),
        "classes": None,
    }


def _require_levels(keys: Keys) -> None:
    """Raise a SpecError about lists that have not one entry for each level, and numbers that do not fit."""
    levels = len(keys.block_out_channels)
    faults = [
        f"{CLASS}: {name} lists {len(value)} for {levels} block_out_channels; give one for each"
        for name, value in keys
        if name not in _OTHER_LISTS and isinstance(value, tuple) and len(value) != levels
    ]
    if keys.in_channels < keys.out_channels:
        told = f"in_channels {keys.in_channels} are fewer than out_channels {keys.out_channels}"
        faults.append(f"{CLASS}: {told}; possible: as many, or more")
    if faults:
        raise SpecError(faults)


_OTHER_LISTS = {
    *("sample_size", "block_out_channels"),
    *("transformer_layers_per_mid_block", "temporal_transformer_layers_per_mid_block"),
}


def _same(name: str, value: Any) -> Any:
    """The one number that all levels have."""
    numbers = set(each(value, 1))
    if len(numbers) > 1:
        raise SpecError([f"{CLASS}: {name} {list(value)} cannot be; possible: the same for all levels"])
    return numbers.pop()


def _depths(keys: Keys, levels: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Transformer blocks of each level, down and up; one without attention has none, whatever is written."""
    down, up = _ways(keys.transformer_layers_per_block, keys.reverse_transformer_layers_per_block, levels)
    return _attending(keys.down_block_types, down), _attending(keys.up_block_types[::-1], up)


def _ways(written: Any, reversed_ones: Any, levels: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Of each level, finest first: on the way down, and up, which a configuration tells from the coarsest."""
    down = each(written, levels)
    return down, down if reversed_ones is None else each(reversed_ones, levels)[::-1]


def _attending(kinds: Sequence[str], written: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(depth if "CrossAttn" in kind else 0 for kind, depth in zip(kinds, written, strict=True))


def _middle(keys: Keys) -> Any:
    """As written, or else as deep as the last level, where that is one number."""
    last = each(keys.transformer_layers_per_block, 1)[-1]
    usual = last if isinstance(last, int) else 1
    return each(keys.transformer_layers_per_mid_block or usual, 1)[0]


def _motion_middle(keys: Keys) -> Any:
    return each(keys.temporal_transformer_layers_per_mid_block, 1)[0] if keys.use_motion_mid_block else 0


def _added(keys: Keys) -> dict[str, int]:
    if keys.addition_embed_type is None:
        return {}
    added, waves = keys.projection_class_embeddings_input_dim, keys.addition_time_embed_dim
    if added is None or waves is None:
        needs = "projection_class_embeddings_input_dim and addition_time_embed_dim"
        raise SpecError([f"{CLASS}: addition_embed_type 'text_time' needs {needs}; give both"])
    return {"added": added, "size_waves": waves}


LAYOUT = Layout("models", _options, config_of)
