"""What goes into the weights of a U-Net of pictures: motion modules, and small changes to its layers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from diffsmith.errors import FileFault
from diffsmith.weights.components import Component
from diffsmith.weights.mapped import Tensors

from .lora_names import Change, changes
from .motion_names import motion_place

__all__ = ["motion", "motion_lora"]

_ENTRY = "conv_in.weight"


def motion(tensors: Tensors, adapter: Component) -> Tensors:
    """Motion modules, which make a U-Net of pictures one of clips (Guo et al. 2023).

    One that reads more channels than the U-Net brings what its first convolution does with those.
    """
    strange = [name for name in adapter.tensors if not _has_place(name, tensors)]
    _require_none(adapter, strange)
    dtype = tensors.dtypes[_ENTRY]

    def module(name: str) -> Tensor:
        return adapter.tensors[name].to(dtype)

    def entry(name: str) -> Tensor:
        own = tensors[name]
        return torch.cat([own, module(name)[:, own.shape[1] :]], dim=1)

    made = {name: module for name in adapter.tensors if motion_place(name)}
    if _ENTRY in adapter.tensors:
        made[_ENTRY] = entry
    return _overlaid(tensors, made, _shapes(adapter.tensors, made))


def _has_place(name: str, tensors: Tensors) -> bool:
    """Whether a motion module stands behind a residual block that the network has."""
    place = motion_place(name)
    if place is None:
        return name in (_ENTRY, "conv_in.bias")
    block, number = place
    return f"{block}.resnets.{number}.conv2.weight" in tensors


def motion_lora(
    tensors: Tensors,
    adapter: Component,
    *,
    scale: Annotated[float, Field(description="how much of the change; 0: none, below: the other way")] = 1.0,
) -> Tensors:
    """Low-rank changes to layers, motion modules' and others' (Hu et al. 2022): W + scale * up @ down."""
    found, strange = changes(list(adapter.tensors), tensors)
    _require_none(adapter, strange)

    def changed(name: str) -> Tensor:
        return _changed(tensors[name], found[name], adapter.tensors, scale)

    return _overlaid(tensors, dict.fromkeys(found, changed), {})


def _changed(weight: Tensor, change: Change, parts: Mapping[str, Tensor], scale: float) -> Tensor:
    down, up = parts[change.down].float().flatten(1), parts[change.up].float().flatten(1)
    if change.alpha:
        scale = scale * parts[change.alpha].item() / len(down)
    return (weight.float() + scale * (up @ down).reshape(weight.shape)).to(weight.dtype)


def _require_none(adapter: Component, strange: Sequence[str]) -> None:
    if strange:
        told = f"{', '.join(strange[:5])}{', …' if len(strange) > 5 else ''}"
        raise FileFault(
            adapter.where, f"holds {len(strange)} tensors that fit nothing in the network: {told}"
        )


def _shapes(tensors: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, tuple[int, ...]]:
    told = tensors.shapes if isinstance(tensors, Tensors) else tensors  # which reads nothing
    return {name: tuple(getattr(told[name], "shape", told[name])) for name in names}


def _overlaid(
    tensors: Tensors, made: Mapping[str, Callable[[str], Tensor]], shapes: Mapping[str, tuple[int, ...]]
) -> Tensors:
    """The network's tensors with those that are made in their places; each when it is asked for."""
    dtypes = dict.fromkeys(made, tensors.dtypes[_ENTRY])
    return Tensors(
        {**tensors.shapes, **shapes},
        {**dtypes, **tensors.dtypes},
        lambda name: made[name](name) if name in made else tensors[name],
        tensors.metadata,
    )
