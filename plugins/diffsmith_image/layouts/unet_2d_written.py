"""Our pixel U-Nets as a config.json of diffusers' UNet2DModel."""

from collections.abc import Mapping
from typing import Any

from diffsmith.errors import SpecError
from diffsmith.nn.levels import attending
from diffsmith.weights.choices import complete, refuse

from ..pixel_unets.plain import pixel_unet
from ..pixel_unets.skip import skip_unet
from .unet_2d_keys import CLASS, Keys

__all__ = ["config_of"]


def config_of(choice: Mapping[str, Any]) -> dict[str, Any]:
    """The whole configuration of a `pixel_unet` or a `skip_unet`; a SpecError names what it cannot say."""
    skips = choice["name"] == "skip_unet"
    options, (channels, *size) = complete(skip_unet if skips else pixel_unet, choice), choice["shape"]
    _require_said(options, channels, skips=skips)
    told = {
        "sample_size": size[0] if len(set(size)) == 1 else tuple(size),
        "block_out_channels": options["widths"],
        "layers_per_block": options["layers"],
        "attention_head_dim": options["head_dim"],
        "norm_num_groups": options["groups"],
        "norm_eps": options["eps"],
        "dropout": options["dropout"],
        "num_class_embeds": choice.get("classes"),
        **_blocks(options, "Skip" if skips else _RESAMPLED[options["resample"]]),
    }
    own = _skip(options) if skips else _plain(options, channels)
    return {"_class_name": CLASS, **Keys(**{**told, **own}).model_dump()}


def _plain(options: Mapping[str, Any], channels: int) -> dict[str, Any]:
    scaled, normed = options["time"] == "scale_shift", options["middle"] != "unnormed"
    own = options["groups"] if scaled and normed else None  # silence means no norm there
    return {
        "in_channels": channels + options["extra_channels"],
        "out_channels": channels * (2 if options["variance"] else 1),
        "mid_block_type": None if options["middle"] == "nothing" else "UNetMidBlock2D",
        "add_attention": options["middle"] != "resnets",
        "attn_norm_num_groups": options["middle_groups"] or own,
        "resnet_time_scale_shift": "scale_shift" if scaled else "default",
        "flip_sin_to_cos": options["flip"],
        "freq_shift": options["shift"],
        "downsample_padding": 1 if options["pad"] == "around" else 0,
        "downsample_type": options["resample"],
        "upsample_type": options["resample"],
    }


def _skip(options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "time_embedding_type": "fourier",
        "freq_shift": None,
        "flip_sin_to_cos": None,
        "mid_block_scale_factor": options["middle_scale"],
    }


_RESAMPLED = {"conv": "", "resnet": "Resnet"}


def _blocks(options: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The classes of its blocks, each way from its beginning to its end."""
    levels, down = len(options["widths"]), options["attention"]
    up = down if options["up_attention"] is None else options["up_attention"]
    return {
        "down_block_types": [_block(kind, "Down", attends) for attends in attending(down, levels)],
        "up_block_types": [_block(kind, "Up", attends) for attends in attending(up, levels)[::-1]],
    }


def _block(kind: str, way: str, attends: bool) -> str:
    if kind == "Resnet":
        return f"Attn{way}Block2D" if attends else f"Resnet{way}sampleBlock2D"
    return f"{'Attn' if attends else ''}{kind}{way}Block2D"


def _require_said(options: Mapping[str, Any], channels: int, *, skips: bool) -> None:
    """Raise a SpecError about options that the class has no key for."""
    if options["heads"] not in (None, 1):
        told = f"heads {options['heads']} for levels of different widths"
        raise SpecError([f"{CLASS}: {told} cannot be said; possible: head_dim, or one head"])
    if skips and channels != 3:
        raise SpecError([f"{CLASS}: {channels} channels with skip blocks cannot be; possible: 3"])
    if not skips:
        refuse(CLASS, options, {"waves": [None, options["widths"][0]], "group_size": [1]})
        _require_norms(options)


def _require_norms(options: Mapping[str, Any]) -> None:
    """The middle's norm is left out by silence, which means so with scale and shift alone."""
    if options["middle"] == "unnormed" and (options["time"] == "add" or options["middle_groups"]):
        told = "middle 'unnormed' needs time 'scale_shift' and no middle_groups"
        raise SpecError([f"{CLASS}: {told}; with others its attention has a norm"])
