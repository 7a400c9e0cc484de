"""What the network reads of a request: classes, or what a conditioner makes of words."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ..conditioning import Conditioner
from ..specs import Request
from .asking import Condition, Conditions

__all__ = ["converted", "labelled", "worded"]

_NUMBERS = {"sizes", "guidance", "text_mask"}  # their waves and masks want single precision


def labelled(
    labels: tuple[int, ...] | None, classes: int | None, batch: int, device: torch.device
) -> Conditions:
    """The class of each sample; a model with classes, asked for none, makes whatever it likes."""
    if classes is None:
        return lambda guided: {"conditional": {}, "unconditional": {}}
    nobody = torch.full((batch,), classes, device=device)
    wanted = nobody if not labels else torch.tensor(labels, device=device).expand(batch)
    return lambda guided: {"conditional": {"label": wanted}, "unconditional": {"label": nobody}}


def worded(
    conditioner: Conditioner,
    request: Request,
    size: tuple[int, int],
    device: torch.device,
    dtype: torch.dtype,
) -> Conditions:
    """What a conditioner makes of the prompts, for pictures of that size in pixels."""
    count = len(request.seeds)
    prompts = _each(request.prompts or ("",), count)
    negatives = None if request.negatives is None else _each(request.negatives, count)

    def conditions(guided: bool) -> Mapping[str, Condition]:
        branches = conditioner(prompts, negatives, size, guided=guided)
        return {branch: converted(condition, device, dtype) for branch, condition in branches.items()}

    return conditions


def converted(condition: Condition, device: torch.device, dtype: torch.dtype) -> dict[str, Tensor]:
    """The condition on the device in that number format, but for numbers that need their own."""
    return {
        name: value.to(device, value.dtype if name in _NUMBERS or not value.is_floating_point() else dtype)
        for name, value in condition.items()
    }


def _each(values: tuple[str, ...], count: int) -> tuple[str, ...]:
    return values * count if len(values) == 1 else values
