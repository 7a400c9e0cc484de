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

    threshold: the largest mean change of a sample, relative, since its last full run; what the other blocks
    added then is added again. A sample's answers do not depend on the others of its batch, but the blocks
    run for all where one of them has changed.
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
    changed: Tensor | None = None
    """Which samples [B, 1, ...] run in full."""
    first: Tensor | None = None
    """What the first block added in the last full run of each."""
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
    if torch.is_grad_enabled() or kept.first is None:
        kept.full, kept.changed, kept.first = True, None, added
        return out
    kept.changed = _change(added, kept.first) >= threshold
    kept.full = bool(kept.changed.any())
    kept.first = torch.where(kept.changed, added, kept.first)
    return out


def _other(
    forward: Callable[..., Tensor], lanes: Lanes[_Kept], last: bool, x: Tensor, *rest: Any, **told: Any
) -> Tensor:
    kept = lanes.here
    if kept.full:
        out = forward(x, *rest, **told)
        return _ended(kept, out, kept.start) if last and kept.start is not None else out
    return x if not last or kept.rest is None else x + kept.rest


def _ended(kept: _Kept, out: Tensor, start: Tensor) -> Tensor:
    """What comes out after a full run: of samples that did not need one, what their last one gives."""
    rest, kept.start = out - start, None
    if kept.changed is None or kept.rest is None:
        kept.rest = rest
        return out
    kept.rest = torch.where(kept.changed, rest, kept.rest)
    return torch.where(kept.changed, out, start + kept.rest)


def _change(new: Tensor, old: Tensor) -> Tensor:
    """How far each sample moved, relative: [B, 1, ...]."""
    moved, size = ((part.flatten(1).abs().float().mean(1)) for part in (new - old, old))
    return (moved / size).view(-1, *[1] * (new.ndim - 1))
