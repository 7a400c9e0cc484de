"""The names of low-rank changes (Hu et al. 2022), by whichever program, and the layers they change."""

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from .motion_names import motion_name

__all__ = ["Change", "changes", "is_change"]

_PART = re.compile(r"(.+?)(?:_lora\.|\.lora\.|\.lora_linear_layer\.|\.lora_)(down|up|A|B)(?:\.\w+)?\.weight")
_ALPHA = re.compile(r"(.+)\.(alpha)")
_KINDS = {"down": "down", "A": "down", "up": "up", "B": "up", "alpha": "alpha"}
_BEFORE = re.compile(r"(?:base_model\.model\.)?(?:unet\.)?")
_FLAT = "lora_unet_"


class Change(NamedTuple):
    """The names of one layer's tensors: the change is up @ down, times alpha by the rank if there is one."""

    down: str
    up: str
    alpha: str = ""


def changes(names: Collection[str], network: Collection[str]) -> tuple[dict[str, Change], list[str]]:
    """What changes each of the network's tensors, and the names that belong to no change of one."""
    flat = {f"{_FLAT}{name.removesuffix('.weight').replace('.', '_')}": name for name in network}
    found: dict[str, dict[str, str]] = {}
    for name in names:
        if match := _PART.fullmatch(name) or _ALPHA.fullmatch(name):
            found.setdefault(_target(match[1], flat), {})[_KINDS[match[2]]] = name
    made = {
        target: Change(**parts)
        for target, parts in found.items()
        if target in network and {"down", "up"} <= parts.keys()
    }
    used = {name for change in made.values() for name in change}
    return made, [name for name in names if name not in used]


def is_change(name: str) -> bool:
    """Whether a tensor is a part of some layer's change."""
    return bool(_PART.fullmatch(name) or _ALPHA.fullmatch(name))


def _target(layer: str, flat: Mapping[str, str]) -> str:
    """The name of the weight that a layer's name means."""
    if layer in flat:
        return flat[layer]
    told = motion_name(_BEFORE.sub("", layer, count=1)).replace(".processor.", ".")
    return f"{told}.0.weight" if told.endswith(".to_out") else f"{told}.weight"
