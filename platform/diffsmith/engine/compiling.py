"""torch.compile, one repeated block at a time: alike blocks share their code, so it is ready soon."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from .blocks import blocks
from .compilers import require_compiler
from .wrapping import wrap

__all__ = ["compiled"]


def compiled(network: nn.Module, backend: str | Callable[..., Any] = "inductor") -> nn.Module:
    """The network with its repeated blocks compiled, each at its first call; a SpecError if nothing can be.

    What is outside of the blocks stays as it is. Numbers agree to rounding.
    """
    if backend == "inductor":
        require_compiler("engine.compile", next(network.parameters()).device)
    units = blocks(network) or {"": network}
    # Every block may have channels of its own, and every size of picture is one more variant.
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, 4 * len(units))
    for block in units.values():
        wrap(block, _compiled, _Code(backend))
    return network


class _Code:
    """A forward, compiled at its first call. A deep copy compiles its own."""

    def __init__(self, backend: str | Callable[..., Any]) -> None:
        self._backend = backend
        self._made: Callable[..., Any] | None = None

    def of(self, forward: Callable[..., Any]) -> Callable[..., Any]:
        if self._made is None:
            self._made = torch.compile(forward, backend=self._backend, dynamic=False)
        return self._made

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Code":
        return _Code(self._backend)


def _compiled(forward: Callable[..., Any], code: _Code, *args: Any, **told: Any) -> Any:
    return code.of(forward)(*args, **told)
