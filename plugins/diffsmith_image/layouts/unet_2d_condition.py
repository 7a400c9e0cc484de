"""UNet2DConditionModel: the U-Nets of Stable Diffusion and its kin, as diffusers configures them."""

from collections.abc import Mapping, Sequence
from typing import Any

from diffsmith.errors import SpecError
from diffsmith.weights.layouts import Layout

from .unet_2d_condition_keys import CLASS, Keys, each, keys_of
from .unet_2d_condition_written import config_of

__all__ = ["LAYOUT"]

SIDE = 64  # of the samples where a configuration does not tell it: U-Nets work at any


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    keys = keys_of(config)
    _require_levels(keys)
    levels = len(keys.block_out_channels)
    written = each(keys.transformer_layers_per_block, levels)
    ascending = keys.reverse_transformer_layers_per_block or written[::-1]
    depths = _depths(keys.down_block_types, written)
    up_depths = _depths(keys.up_block_types, ascending)[::-1]
    return {
        "name": "conditional_unet",
        "widths": keys.block_out_channels,
        "layers": _same("layers_per_block", keys.layers_per_block),
        "depths": depths,
        "up_depths": None if up_depths == depths else up_depths,
        "middle": _middle(keys, written[-1]),
        "heads": each(keys.attention_head_dim, levels),
        "text_width": _same("cross_attention_dim", keys.cross_attention_dim),
        **_added(keys),
        "guidance": keys.time_cond_proj_dim or 0,
        "extra_channels": keys.in_channels - keys.out_channels,
        "linear": keys.use_linear_projection,
        "upcast": bool(keys.upcast_attention),
        "groups": keys.norm_num_groups,
        "eps": keys.norm_eps,
        "flip": keys.flip_sin_to_cos,
        "shift": keys.freq_shift,
        "dropout": keys.dropout,
        "shape": (keys.out_channels, *each(keys.sample_size or SIDE, 2)),
        "classes": keys.num_class_embeds and keys.num_class_embeds - 1,  # the last row is "no class"
    }


def _require_levels(keys: Keys) -> None:
    """Raise a SpecError about lists that have not one entry for each level, and numbers that do not fit."""
    levels = len(keys.block_out_channels)
    faults = [
        f"{CLASS}: {name} lists {len(value)} for {levels} block_out_channels; give one for each"
        for name, value in keys
        if name in _EACH_LEVEL and isinstance(value, tuple) and len(value) != levels
    ]
    if keys.in_channels < keys.out_channels:
        told = f"in_channels {keys.in_channels} are fewer than out_channels {keys.out_channels}"
        faults.append(f"{CLASS}: {told}; possible: as many, or more")
    if keys.time_embedding_dim not in (None, wide := 4 * keys.block_out_channels[0]):
        faults.append(f"{CLASS}: time_embedding_dim {keys.time_embedding_dim} cannot be; possible: {wide}")
    if faults:
        raise SpecError(faults)


_EACH_LEVEL = {
    "down_block_types",
    "up_block_types",
    "layers_per_block",
    "cross_attention_dim",
    "attention_head_dim",
    "transformer_layers_per_block",
    "reverse_transformer_layers_per_block",
}


def _same(name: str, value: Any) -> Any:
    """The one number that all levels have."""
    numbers = set(each(value, 1))
    if len(numbers) > 1:
        raise SpecError([f"{CLASS}: {name} {list(value)} cannot be; possible: the same for all levels"])
    return numbers.pop()


def _depths(kinds: Sequence[str], written: Sequence[Any]) -> tuple[Any, ...]:
    """Transformer blocks of each block; one without attention has none, whatever is written."""
    depths = [depth if "CrossAttn" in kind else 0 for kind, depth in zip(kinds, written, strict=True)]
    for kind, depth in zip(kinds, depths, strict=True):
        if "CrossAttn" in kind and not depth:
            told = f"transformer_layers_per_block 0 for a {kind} cannot be; possible: 1 or more"
            raise SpecError([f"{CLASS}: {told}"])
    return tuple(depths)


def _middle(keys: Keys, deepest: Any) -> int | None:
    if keys.mid_block_type is None:
        return None
    depths: tuple[int, ...] = _depths([keys.mid_block_type], [each(deepest, 1)[0]])
    return depths[0]


def _added(keys: Keys) -> dict[str, int]:
    if keys.addition_embed_type is None:
        return {}
    added, waves = keys.projection_class_embeddings_input_dim, keys.addition_time_embed_dim
    if added is None or waves is None:
        needs = "projection_class_embeddings_input_dim and addition_time_embed_dim"
        raise SpecError([f"{CLASS}: addition_embed_type 'text_time' needs {needs}; give both"])
    return {"added": added, "size_waves": waves}


LAYOUT = Layout("models", _options, config_of)
