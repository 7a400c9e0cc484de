"""How much memory tensors take while they live, on any device, counted and not sampled."""

import weakref
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

__all__ = ["Allocations"]


class Allocations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of every tensor that operations make inside the block: `live` now, `peak` so far.

    What a kernel allocates for itself and frees before it returns does not show. Compiled code runs as it
    was before compiling, so it cannot be counted.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = self.peak = 0
        self._counted: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        known = {_place(each) for each in tree_leaves((args, kwargs)) if _lies(each)}
        for each in tree_leaves(out):
            if _lies(each) and _place(each) not in known:
                self._count(each)
        return out

    def _count(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        size, place = storage.nbytes(), _place(tensor)
        if place in self._counted:
            return
        self._counted.add(place)
        self.live += size
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._gone, place, size)

    def _gone(self, place: int, size: int) -> None:
        self._counted.discard(place)
        self.live -= size


def _lies(value: Any) -> bool:
    """Packed weights have no storage that can be seen; they live longer than a call anyway."""
    return isinstance(value, Tensor) and value.layout == torch.strided


def _place(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
