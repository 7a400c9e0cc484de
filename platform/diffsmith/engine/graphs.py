"""CUDA graphs: the GPU's work of a call is recorded once, then replayed without Python."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten, tree_unflatten

from ..errors import SpecError
from .wrapping import wrap

__all__ = ["graphed"]

Recorded = tuple[Callable[[], None], Tensor]
"""(replay, the answer that a replay overwrites)."""


class _Graph(NamedTuple):
    inputs: list[Tensor]
    replay: Callable[[], None]
    answer: Tensor


def graphed(
    network: nn.Module, record: Callable[[Callable[[], Tensor]], Recorded] | None = None
) -> nn.Module:
    """The network, recorded for each shape of its inputs; a SpecError without an NVIDIA GPU.

    The answers are the eager ones, bit for bit. Inputs are copied into the recording's own tensors, so they
    may be any. Nothing in the network may decide by numbers, or keep any for the next call. record: how to
    record a call, for tests.
    """
    if record is None and next(network.parameters()).device.type != "cuda":
        raise SpecError(
            ["engine.graphs: CUDA graphs need an NVIDIA GPU; leave it out, or set engine.device: cuda"]
        )
    return wrap(network, _replayed, _Graphs(record or _record))


@dataclass
class _Graphs:
    record: Callable[[Callable[[], Tensor]], Recorded]
    known: dict[Any, _Graph] = field(default_factory=dict)


def _replayed(forward: Callable[..., Tensor], graphs: _Graphs, *args: Any, **told: Any) -> Tensor:
    if torch.is_grad_enabled():
        return forward(*args, **told)
    leaves, tree = tree_flatten((args, told))
    tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
    key = (tree, *(_signature(leaf) for leaf in leaves))
    if key not in graphs.known:
        graphs.known[key] = _new(forward, graphs, leaves, tree)
    graph = graphs.known[key]
    for own, given in zip(graph.inputs, tensors, strict=True):
        own.copy_(given)
    graph.replay()
    return graph.answer.clone()


def _new(forward: Callable[..., Tensor], graphs: _Graphs, leaves: list[Any], tree: Any) -> _Graph:
    own = [leaf.clone() if isinstance(leaf, Tensor) else leaf for leaf in leaves]
    args, told = tree_unflatten(own, tree)
    replay, answer = graphs.record(lambda: forward(*args, **told))
    return _Graph([leaf for leaf in own if isinstance(leaf, Tensor)], replay, answer)


def _signature(leaf: Any) -> Any:
    return (leaf.shape, leaf.dtype, leaf.device) if isinstance(leaf, Tensor) else leaf


def _record(call: Callable[[], Tensor]) -> Recorded:
    """Warm up beside the main stream, as capturing asks, then capture."""
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(2):
            call()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        answer = call()
    return graph.replay, answer
