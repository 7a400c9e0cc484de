"""UNetSpatioTemporalConditionModel: the U-Net of Stable Video Diffusion, as diffusers configures it."""

from collections.abc import Mapping
from typing import Any

from diffsmith.errors import SpecError
from diffsmith.weights.choices import complete
from diffsmith.weights.layouts import Layout

from ..spatio_temporal_unet import spatio_temporal_unet
from .unet_spatio_temporal_keys import CLASS, Keys, each, keys_of

__all__ = ["LAYOUT"]


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    keys = keys_of(config)
    levels = len(keys.block_out_channels)
    depths = each(keys.transformer_layers_per_block, levels)
    attends = [kind.startswith("CrossAttn") for kind in keys.down_block_types]
    return {
        "name": "spatio_temporal_unet",
        "widths": keys.block_out_channels,
        "layers": each(keys.layers_per_block, 1)[0],
        "depths": tuple(depth * there for depth, there in zip(depths, attends, strict=True)),
        "middle": depths[-1],
        "heads": each(keys.num_attention_heads, levels),
        "text_width": each(keys.cross_attention_dim, 1)[0],
        "numbers": keys.projection_class_embeddings_input_dim // keys.addition_time_embed_dim,
        "number_waves": keys.addition_time_embed_dim,
        "extra_channels": keys.in_channels - keys.out_channels,
        "shape": (keys.out_channels, keys.num_frames, *_sides(keys.sample_size)),
        "classes": None,
    }


_PUBLISHED, _MADE = 96, (72, 128)
"""What published files say of the latents' sides, and what their pipelines make unless told, of one area."""


def _sides(size: Any) -> tuple[int, ...]:
    return _MADE if size in (None, _PUBLISHED) else each(size, 2)


def _config(choice: Mapping[str, Any]) -> dict[str, Any]:
    options, (channels, frames, *sides) = complete(spatio_temporal_unet, choice), choice["shape"]
    _require_place(options, choice.get("classes"))
    attends = ["CrossAttn" if depth else "" for depth in options["depths"]]
    keys = Keys(
        sample_size=_size(tuple(sides)),
        in_channels=channels + options["extra_channels"],
        out_channels=channels,
        down_block_types=tuple(f"{kind}DownBlockSpatioTemporal" for kind in attends),
        up_block_types=tuple(f"{kind}UpBlockSpatioTemporal" for kind in reversed(attends)),
        block_out_channels=options["widths"],
        addition_time_embed_dim=options["number_waves"],
        projection_class_embeddings_input_dim=options["numbers"] * options["number_waves"],
        layers_per_block=options["layers"],
        cross_attention_dim=options["text_width"],
        transformer_layers_per_block=_depths(options["depths"], options["middle"]),
        num_attention_heads=options["heads"],
        num_frames=frames,
    )
    return {"_class_name": CLASS, **keys.model_dump(mode="json")}


def _require_place(options: Mapping[str, Any], classes: int | None) -> None:
    """Raise a SpecError about what the class cannot be told."""
    faults = [
        f"{name} 0 has no place in its configuration; possible: 1 or more"
        for name in ("text_width", "numbers")
        if not options[name]
    ]
    if classes is not None:
        faults.append("classes have no place in its configuration; possible: none")
    if wrong := [width for width in options["widths"] if width % 32]:
        faults.append(f"widths {wrong} are no multiples of 32, the groups of its norms")
    if options["depths"][-1] not in (0, options["middle"]):
        told = f"middle {options['middle']} differs from {options['depths'][-1]}, the depth of the last level"
        faults.append(f"{told}, which its configuration cannot tell; possible: the same")
    if faults:
        raise SpecError([f"{CLASS}: {fault}" for fault in faults])


def _depths(depths: tuple[int, ...], middle: int) -> Any:
    """One number where all that attend have the same; what a level that does not attend says is not read."""
    if {*depths, middle} <= {0, middle}:
        return middle
    return (*(depth or 1 for depth in depths[:-1]), middle)


def _size(sides: tuple[int, ...]) -> Any:
    if sides == _MADE:
        return _PUBLISHED
    return sides[0] if sides[0] == sides[1] != _PUBLISHED else sides


LAYOUT = Layout("models", _options, _config)
