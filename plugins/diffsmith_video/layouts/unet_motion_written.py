"""The options of `motion_unet` as diffusers' UNetMotionModel is configured."""

from collections.abc import Mapping, Sequence
from math import gcd
from typing import Any

from diffsmith.errors import SpecError
from diffsmith.weights.choices import complete, refuse

from ..animatediff import motion_unet
from .unet_motion_keys import CLASS, Keys, frames_of

__all__ = ["config_of"]


def config_of(choice: Mapping[str, Any]) -> dict[str, Any]:
    """A choice of `motion_unet`, whole, as config.json; a SpecError tells what has no place there."""
    options, shape = complete(motion_unet, choice), choice["shape"]
    refuse(CLASS, {**options, "classes": choice.get("classes")}, _POSSIBLE)
    _require_place(options)
    down, up = options["depths"], options["up_depths"]
    added, motion_up = options["added"], options["motion_up_depths"]
    keys = Keys(
        sample_size=shape[2] if shape[2] == shape[3] else tuple(shape[2:]),
        in_channels=shape[0] + options["extra_channels"],
        out_channels=shape[0],
        down_block_types=tuple("CrossAttnDownBlockMotion" if each else "DownBlockMotion" for each in down),
        up_block_types=tuple(
            "CrossAttnUpBlockMotion" if each else "UpBlockMotion" for each in (up or down)[::-1]
        ),
        block_out_channels=options["widths"],
        layers_per_block=options["layers"],
        norm_num_groups=options["groups"],
        norm_eps=options["eps"],
        cross_attention_dim=options["text_width"],
        transformer_layers_per_block=_folded([each or 1 for each in down]),
        reverse_transformer_layers_per_block=up and tuple(each or 1 for each in up[::-1]),
        temporal_transformer_layers_per_block=_folded(options["motion_depths"]),
        reverse_temporal_transformer_layers_per_block=motion_up and motion_up[::-1],
        transformer_layers_per_mid_block=options["middle"],
        temporal_transformer_layers_per_mid_block=options["motion_middle"] or 1,
        use_linear_projection=options["linear"],
        num_attention_heads=_folded(options["heads"]),
        motion_max_seq_length=options["frames_max"],
        motion_num_attention_heads=_folded(options["motion_heads"]),
        use_motion_mid_block=options["motion_middle"] > 0,
        addition_embed_type="text_time" if added else None,
        addition_time_embed_dim=options["size_waves"] if added else None,
        projection_class_embeddings_input_dim=added or None,
        time_cond_proj_dim=options["guidance"] or None,
        num_frames=shape[1],
    )
    unread = {"num_frames"} if shape[1] == frames_of(options["frames_max"]) else set()
    return {"_class_name": CLASS, **keys.model_dump(mode="json", exclude=unread)}


_POSSIBLE = {"classes": [None], "flip": [True], "shift": [0.0], "dropout": [0.0], "upcast": [False]}


def _require_place(options: Mapping[str, Any]) -> None:
    """Raise a SpecError about what the class cannot be told."""
    widths, groups = options["widths"], options["groups"]
    faults = [
        f"{name} {options[name]} has no place in its configuration; possible: 1 or more"
        for name in ("text_width", "middle")
        if not options[name]
    ]
    for name in ("motion_depths", "motion_up_depths"):
        if 0 in (options[name] or ()):
            told = f"{name} {list(options[name])}: a level without motion has no place in its configuration"
            faults.append(f"{told}; possible: 1 or more")
    if gcd(groups, *widths) != groups:
        faults.append(f"groups {groups} do not divide widths {list(widths)}; possible: a divisor of them all")
    if faults:
        raise SpecError([f"{CLASS}: {fault}" for fault in faults])


def _folded(numbers: Sequence[Any]) -> Any:
    """One number where all levels have the same."""
    first = numbers[0]
    return first if isinstance(first, int) and set(numbers) == {first} else tuple(numbers)
