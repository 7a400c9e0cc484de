"""What the network reads of a request: classes, or what a conditioner makes of words and pictures."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ..conditioning import Conditioner, Wanted
from .asking import Condition, Conditions

__all__ = ["conditioned", "converted", "labelled", "with_beside"]

_NUMBERS = {"sizes", "guidance", "text_mask", "numbers", "fps", "camera"}
"""Their waves and masks want single precision."""


def labelled(
    labels: tuple[int, ...] | None, classes: int | None, batch: int, device: torch.device
) -> Conditions:
    """The class of each sample; a model with classes, asked for none, makes whatever it likes."""
    if classes is None:
        return lambda guided: {"conditional": {}, "unconditional": {}}
    nobody = torch.full((batch,), classes, device=device)
    wanted = nobody if not labels else torch.tensor(labels, device=device).expand(batch)
    return lambda guided: {"conditional": {"label": wanted}, "unconditional": {"label": nobody}}


def conditioned(
    conditioner: Conditioner, wanted: Wanted, device: torch.device, dtype: torch.dtype
) -> Conditions:
    """What a conditioner makes of what is wanted."""

    def conditions(guided: bool) -> Mapping[str, Condition]:
        branches = conditioner(wanted, guided=guided)
        return {branch: converted(condition, device, dtype) for branch, condition in branches.items()}

    return conditions


def with_beside(conditions: Conditions, beside: Tensor | None) -> Conditions:
    """The same, and channels that are read behind those of x in every branch."""
    if beside is None:
        return conditions
    return lambda guided: {
        branch: {**known, "beside": beside} for branch, known in conditions(guided).items()
    }


def converted(condition: Condition, device: torch.device, dtype: torch.dtype) -> dict[str, Tensor]:
    """The condition on the device in that number format, but for numbers that need their own."""
    return {
        name: value.to(device, value.dtype if name in _NUMBERS or not value.is_floating_point() else dtype)
        for name, value in condition.items()
    }
