"""Deep-feature caching in U-Nets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, cast

import torch
from pydantic import Field
from torch import Tensor, nn

from ...errors import SpecError
from ...nn.unet_blocks import DownBlock, UpBlock
from ..walks import remember
from ..wrapping import wrap
from .lanes import Lanes

__all__ = ["deep_features"]


def deep_features(
    network: nn.Module,
    *,
    every: Annotated[int, Field(ge=2, le=100)] = 3,
    depth: Annotated[int, Field(ge=1)] = 1,
) -> nn.Module:
    """Run the deep part of a U-Net every few calls and keep what it gave (DeepCache, Ma et al. 2024).

    every: calls from one full run to the next. depth: how many of the finest levels always run.
    """
    downs, ups = _rows(network, "down_blocks", DownBlock), _rows(network, "up_blocks", UpBlock)
    _require_depth(depth, len(downs))
    lanes = Lanes(_Kept)
    remember(network, lanes)
    wrap(network, _counted, lanes, every)
    for down in downs[depth:]:
        wrap(down, _way_down, lanes, len(down.rows) + len(down.downsamplers))
    wrap(cast(nn.Module, network.mid_block), _middle, lanes)
    for up in ups[:-depth]:
        wrap(up, _way_up, lanes, len(up.rows), up is ups[-depth - 1])
    return network


@dataclass
class _Kept:
    calls: int = 0
    full: bool = True
    feature: Tensor | None = None
    """What the deep part gave in the last full run."""


def _counted(
    forward: Callable[..., Tensor],
    lanes: Lanes[_Kept],
    every: int,
    x: Tensor,
    t: Tensor,
    *args: Any,
    **told: Any,
) -> Tensor:
    kept = lanes.enter(x, *args, *told.values())
    kept.full = kept.calls % every == 0 or torch.is_grad_enabled()
    kept.calls += 1
    return forward(x, t, *args, **told)


def _way_down(
    forward: Callable[..., list[Tensor]], lanes: Lanes[_Kept], skips: int, x: Tensor, *rest: Any
) -> list[Tensor]:
    """Where it is skipped any maps do, for nobody reads them."""
    return forward(x, *rest) if lanes.here.full else [x] * skips


def _middle(forward: Callable[..., Tensor], lanes: Lanes[_Kept], x: Tensor, *rest: Any) -> Tensor:
    return forward(x, *rest) if lanes.here.full else x


def _way_up(
    forward: Callable[..., Tensor],
    lanes: Lanes[_Kept],
    takes: int,
    last: bool,
    x: Tensor,
    skips: list[Tensor],
    *rest: Any,
) -> Tensor:
    kept = lanes.here
    if kept.full:
        out = forward(x, skips, *rest)
        kept.feature = out if last else kept.feature
        return out
    del skips[len(skips) - takes :]
    return cast(Tensor, kept.feature) if last else x


def _rows(network: nn.Module, name: str, kind: type[Any]) -> list[Any]:
    found = [*getattr(network, name, ())]
    if not found or not all(isinstance(block, kind) for block in found):
        what = f"{type(network).__name__} is no U-Net of down_blocks and up_blocks"
        raise SpecError([f"engine.cache: deep_features: {what}; for transformers there is first_block"])
    return found


def _require_depth(depth: int, levels: int) -> None:
    if depth >= levels:
        what = f"{depth} of {levels} levels leave nothing to skip"
        raise SpecError([f"engine.cache.depth: {what}; give at most {levels - 1}"])
