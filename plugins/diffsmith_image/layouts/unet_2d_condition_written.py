"""The options of `conditional_unet` as diffusers' UNet2DConditionModel is configured."""

from collections.abc import Mapping, Sequence
from math import gcd
from typing import Any

from diffsmith.errors import SpecError
from diffsmith.weights.choices import complete

from ..conditional_unet import conditional_unet
from .unet_2d_condition_keys import CLASS, Keys, each

__all__ = ["config_of"]


def config_of(choice: Mapping[str, Any]) -> dict[str, Any]:
    """A choice of `conditional_unet`, whole, as config.json; a SpecError tells what has no place there."""
    options, shape, classes = complete(conditional_unet, choice), choice["shape"], choice.get("classes")
    _require_place(options)
    down, up = options["depths"], options["up_depths"]
    added = options["added"]
    keys = Keys(
        sample_size=shape[1] if shape[1] == shape[2] else tuple(shape[1:]),
        in_channels=shape[0] + options["extra_channels"],
        out_channels=shape[0],
        flip_sin_to_cos=options["flip"],
        freq_shift=options["shift"],
        down_block_types=tuple("CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in down),
        mid_block_type=_middle_kind(options["middle"]),
        up_block_types=tuple("CrossAttnUpBlock2D" if depth else "UpBlock2D" for depth in (up or down)[::-1]),
        block_out_channels=options["widths"],
        layers_per_block=options["layers"],
        dropout=options["dropout"],
        norm_num_groups=options["groups"],
        norm_eps=options["eps"],
        cross_attention_dim=options["text_width"],
        transformer_layers_per_block=_written(down, options["middle"]),
        reverse_transformer_layers_per_block=up and tuple(depth or 1 for depth in up[::-1]),
        attention_head_dim=_folded(options["heads"]),
        use_linear_projection=options["linear"],
        addition_embed_type="text_time" if added else None,
        addition_time_embed_dim=options["size_waves"] if added else None,
        num_class_embeds=classes and classes + 1,
        upcast_attention=options["upcast"],
        time_cond_proj_dim=options["guidance"] or None,
        projection_class_embeddings_input_dim=added or None,
    )
    return {"_class_name": CLASS, **keys.model_dump(mode="json")}


def _require_place(options: Mapping[str, Any]) -> None:
    """Raise a SpecError about what the class cannot be told."""
    widths, groups = options["widths"], options["groups"]
    deepest, middle = each(options["depths"][-1], 1)[0], options["middle"]
    faults = []
    if not options["text_width"]:
        faults.append("text_width 0 has no place in its configuration; possible: 1 or more")
    if gcd(groups, *widths) != groups:
        faults.append(f"groups {groups} do not divide widths {list(widths)}; possible: a divisor of them all")
    if deepest and middle and deepest != middle:
        told = f"middle {middle} differs from {deepest}, the depth of the last level"
        faults.append(f"{told}, which its configuration cannot tell; possible: the same")
    if faults:
        raise SpecError([f"{CLASS}: {fault}" for fault in faults])


def _middle_kind(middle: int | None) -> Any:
    if middle is None:
        return None
    return "UNetMidBlock2DCrossAttn" if middle else "UNetMidBlock2D"


def _written(depths: Sequence[Any], middle: int | None) -> Any:
    """One number where all that attend have the same; what a level that does not attend says is not read."""
    said = {depth for depth in (*depths, middle) if depth}
    if len(said) == 1 and isinstance(only := said.pop(), int):
        return only
    return (*(depth or 1 for depth in depths[:-1]), depths[-1] or middle or 1)


def _folded(numbers: Sequence[int]) -> Any:
    return numbers[0] if len(set(numbers)) == 1 else tuple(numbers)
