"""First-block caching in transformers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor, nn

from ...errors import SpecError
from ..walks import remember
from ..wrapping import wrap
from .lanes import Lanes

__all__ = ["first_block"]


def first_block(network: nn.Module, *, threshold: Annotated[float, Field(gt=0, lt=10)] = 0.1) -> nn.Module:
    """Skip a transformer's blocks while what its first adds hardly changes (TeaCache, Liu et al. 2025).

    threshold: the largest mean change, relative, since the last full run; what the other blocks added then
    is added again. The sample of a batch that changed most decides for all.
    """
    rows = getattr(network, "transformer_blocks", None)
    if not isinstance(rows, nn.ModuleList) or len(rows) < 2:
        kind = type(network).__name__
        what = f"{kind} has no row of transformer_blocks; for U-Nets there is deep_features"
        raise SpecError([f"engine.cache: first_block: {what}"])
    lanes = Lanes(_Kept)
    remember(network, lanes)
    wrap(network, _entered, lanes)
    wrap(rows[0], _first, lanes, threshold)
    for block in rows[1:]:
        wrap(block, _other, lanes, block is rows[-1])
    return network


@dataclass
class _Kept:
    full: bool = True
    first: Tensor | None = None
    """What the first block added in the last full run."""
    start: Tensor | None = None
    """What came out of it in this call."""
    rest: Tensor | None = None
    """What all others added in the last full run."""


def _entered(
    forward: Callable[..., Tensor], lanes: Lanes[_Kept], x: Tensor, t: Tensor, *args: Any, **told: Any
) -> Tensor:
    lanes.enter(x, *args, *told.values())
    return forward(x, t, *args, **told)


def _first(
    forward: Callable[..., Tensor], lanes: Lanes[_Kept], threshold: float, x: Tensor, *rest: Any, **told: Any
) -> Tensor:
    kept, out = lanes.here, forward(x, *rest, **told)
    added = out - x
    kept.start = out
    kept.full = torch.is_grad_enabled() or kept.first is None or _change(added, kept.first) >= threshold
    kept.first = added if kept.full else kept.first
    return out


def _other(
    forward: Callable[..., Tensor], lanes: Lanes[_Kept], last: bool, x: Tensor, *rest: Any, **told: Any
) -> Tensor:
    kept = lanes.here
    if kept.full:
        out = forward(x, *rest, **told)
        if last and kept.start is not None:
            kept.rest, kept.start = out - kept.start, None
        return out
    return x if not last or kept.rest is None else x + kept.rest


def _change(new: Tensor, old: Tensor) -> float:
    moved, size = ((part.flatten(1).abs().float().mean(1)) for part in (new - old, old))
    return float((moved / size).max())
