"""NaN and Inf, found where they begin."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import DiffsmithError
from .walks import remember
from .wrapping import wrap

__all__ = ["NonFiniteOutput", "guarded"]


class NonFiniteOutput(DiffsmithError):
    """A network answered with NaN or Inf; `layer` made the first of them in the walk's call number `call`."""

    def __init__(self, layer: str, call: int, found: str) -> None:
        self.layer, self.call = layer, call
        super().__init__(f"network call {call} of this walk: {found}")


def guarded(network: nn.Module) -> nn.Module:
    """The network, refusing to answer with NaN or Inf: a NonFiniteOutput names the layer.

    Only the answer is looked at. If it is bad, the call is made once more with every layer watched.
    """
    guard = _Guard(network)
    remember(network, guard)
    return wrap(network, _checked, guard)


@dataclass
class _Guard:
    network: nn.Module
    calls: int = 0

    def begin(self) -> None:
        self.calls = 0


def _checked(forward: Callable[..., Any], guard: _Guard, *args: Any, **told: Any) -> Any:
    out = forward(*args, **told)
    guard.calls += 1
    if not _finite(out):
        layer, found = _first(guard.network, forward, args, told)
        raise NonFiniteOutput(layer, guard.calls, found)
    return out


def _first(
    network: nn.Module, forward: Callable[..., Any], args: tuple[Any, ...], told: dict[str, Any]
) -> tuple[str, str]:
    """The layer that makes the first bad number of a call, and the sentence that says so."""
    if not all(_finite(each) for each in (*args, *told.values())):
        return "", "NaN or Inf came in with the network's input, so a step before this one made it"
    bad: list[tuple[str, str]] = []

    def watch(name: str, layer: nn.Module) -> Any:
        def look(_: nn.Module, given: Any, out: Any) -> None:
            if not bad and not _finite(out):
                bad.append((name, _sentence(name, layer, given, out)))

        return layer.register_forward_hook(look)

    hooks = [watch(name, layer) for name, layer in network.named_modules() if name]
    try:
        with torch.enable_grad():  # nothing is replayed, reused or skipped then
            forward(*args, **told)
    finally:
        for hook in hooks:
            hook.remove()
    return bad[0] if bad else ("", "NaN or Inf in the answer, made outside of any layer")


def _sentence(name: str, layer: nn.Module, given: Any, out: Any) -> str:
    kind, dtype = type(layer).__name__, _dtype(out)
    where = f"NaN or Inf begins in {name} (a {kind}, in {dtype})"
    if not _finite(given):
        where = f"NaN or Inf begins just before {name} (a {kind}, in {dtype})"
    wider = "bfloat16 or float32, which hold larger numbers" if dtype == "float16" else "float32"
    return f"{where}. Try engine.dtype: {wider}; if that does not help, the weights are damaged"


def _finite(value: Any) -> bool:
    if isinstance(value, Tensor):
        return not value.is_floating_point() or bool(torch.isfinite(value).all())
    return not isinstance(value, (tuple, list)) or all(_finite(each) for each in value)


def _dtype(value: Any) -> str:
    while isinstance(value, (tuple, list)) and value:
        value = value[0]
    return str(value.dtype).removeprefix("torch.") if isinstance(value, Tensor) else "no tensor"
