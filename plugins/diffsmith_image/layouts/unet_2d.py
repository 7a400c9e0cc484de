"""UNet2DModel: the U-Nets of DDPM, NCSN++, ADM and consistency models, as diffusers configures them."""

from collections.abc import Mapping, Sequence
from typing import Any

from diffsmith.errors import SpecError
from diffsmith.weights.layouts import Layout

from .unet_2d_keys import CLASS, Keys, keys_of
from .unet_2d_written import config_of

__all__ = ["LAYOUT"]

SIDE = 64  # of the samples where a configuration does not tell it: U-Nets work at any


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    keys = keys_of(config)
    kinds = [*keys.down_block_types, *keys.up_block_types]
    skipping = ["Skip" in kind for kind in kinds]
    faults = [*_unfit(keys), *(_unskippable(keys) if any(skipping) else _unplain(keys))]
    if len(set(skipping)) > 1:
        faults.append(
            f"down_block_types, up_block_types: {_told(kinds)} together cannot be; all skip, or none"
        )
    if faults:
        raise SpecError([f"{CLASS}: {fault}" for fault in faults])
    return {**_shared(keys), **(_skip(keys) if all(skipping) else _plain(keys))}


def _shared(keys: Keys) -> dict[str, Any]:
    attention, ascending = _attending(keys.down_block_types), _attending(keys.up_block_types[::-1])
    channels = keys.in_channels if keys.out_channels == 2 * keys.in_channels else keys.out_channels
    side = keys.sample_size or max(SIDE, 2 ** (len(keys.block_out_channels) - 1))
    return {
        "widths": keys.block_out_channels,
        "layers": keys.layers_per_block,
        "attention": attention,
        "up_attention": None if ascending == attention else ascending,
        "head_dim": keys.attention_head_dim,
        "eps": keys.norm_eps,
        "dropout": keys.dropout,
        "shape": (channels, *(side if isinstance(side, tuple) else (side, side))),
        "classes": keys.num_class_embeds,
    }


def _plain(keys: Keys) -> dict[str, Any]:
    resample = _samplers(keys)
    scaled = keys.resnet_time_scale_shift == "scale_shift"
    own = keys.attn_norm_num_groups
    unnormed = scaled and own is None
    middle = ("unnormed" if unnormed else "attention") if keys.add_attention else "resnets"
    return {
        "name": "pixel_unet",
        "middle": middle if keys.mid_block_type else "nothing",
        "middle_groups": None if own in (None, keys.norm_num_groups) else own,
        "time": "scale_shift" if scaled else "add",
        "flip": bool(keys.flip_sin_to_cos),
        "shift": keys.freq_shift or 0,
        "resample": resample.pop() if resample else "conv",
        "pad": "around" if keys.downsample_padding else "after",
        "groups": keys.norm_num_groups,
        "variance": keys.out_channels == 2 * keys.in_channels,
        "extra_channels": max(0, keys.in_channels - keys.out_channels),
    }


def _skip(keys: Keys) -> dict[str, Any]:
    return {"name": "skip_unet", "middle_scale": keys.mid_block_scale_factor, "groups": keys.norm_num_groups}


def _unfit(keys: Keys) -> list[str]:
    """What cannot be in either network."""
    levels, wide = len(keys.block_out_channels), 4 * keys.block_out_channels[0]
    faults = [
        f"{name} lists {len(kinds)} for {levels} block_out_channels; give one for each"
        for name, kinds in (
            ("down_block_types", keys.down_block_types),
            ("up_block_types", keys.up_block_types),
        )
        if len(kinds) != levels
    ]
    if keys.time_embedding_dim not in (None, wide):
        faults.append(f"time_embedding_dim {keys.time_embedding_dim} cannot be; possible: {wide}")
    return faults


def _unplain(keys: Keys) -> list[str]:
    possible: dict[str, Sequence[Any]] = {
        "time_embedding_type": ["positional"],
        "mid_block_scale_factor": [1],
    }
    faults = _others(keys, possible, "without skip blocks")
    if keys.norm_num_groups is None:
        faults.append("norm_num_groups None without skip blocks cannot be; possible: a number")
    if len(_samplers(keys)) > 1:
        what = "blocks that halve or double by convolutions and others by residual blocks"
        faults.append(
            f"{what} cannot be; possible: downsample_type, upsample_type and all blocks of one kind"
        )
    if keys.in_channels < keys.out_channels != 2 * keys.in_channels:
        told = f"out_channels {keys.out_channels} for in_channels {keys.in_channels}"
        faults.append(f"{told} cannot be; possible: twice as many, as many, or fewer")
    return faults


def _unskippable(keys: Keys) -> list[str]:
    possible: dict[str, Sequence[Any]] = {
        "time_embedding_type": ["fourier"],
        "in_channels": [3],
        "out_channels": [3],
        "mid_block_type": ["UNetMidBlock2D"],
        "add_attention": [True],
        "attn_norm_num_groups": [None, keys.norm_num_groups],
        "resnet_time_scale_shift": ["default"],
    }
    return _others(keys, possible, "with skip blocks")


def _others(keys: Keys, possible: Mapping[str, Sequence[Any]], where: str) -> list[str]:
    """A sentence for each value that this kind of network does not have."""
    return [
        f"{name} {getattr(keys, name)!r} {where} cannot be; possible: {_told(known)}"
        for name, known in possible.items()
        if getattr(keys, name) not in known
    ]


def _samplers(keys: Keys) -> set[str]:
    """What halves and doubles; the last level of either way does neither."""
    down = {_OWN.get(kind, keys.downsample_type) for kind in keys.down_block_types[:-1]}
    return down | {_OWN.get(kind, keys.upsample_type) for kind in keys.up_block_types[:-1]}


_OWN = {
    "DownBlock2D": "conv",
    "UpBlock2D": "conv",
    "ResnetDownsampleBlock2D": "resnet",
    "ResnetUpsampleBlock2D": "resnet",
}


def _attending(kinds: Sequence[str]) -> tuple[int, ...]:
    return tuple(level for level, kind in enumerate(kinds) if kind.startswith("Attn"))


def _told(values: Sequence[Any]) -> str:
    return ", ".join(map(repr, dict.fromkeys(values)))


LAYOUT = Layout("models", _options, config_of)
