"""What is kept for each kind of call: branches of a guidance that are asked in turn must not mix."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from torch import Tensor

__all__ = ["Lanes"]

K = TypeVar("K")


@dataclass
class Lanes(Generic[K]):
    """One K for each set of conditions, made by `new`; `here` is the one of the call that runs.

    Calls belong together if x has the same shape and the conditions are the very same tensors, as they are
    at every step of one walk. A new walk begins empty. Only the newest are kept: conditions that are made
    anew for every call find nothing, but do not pile up.
    """

    new: Callable[[], K]
    here: K = field(init=False)
    _kept: dict[Any, tuple[list[Any], K]] = field(default_factory=dict)

    def begin(self) -> None:
        """Forget all."""
        self._kept.clear()

    def enter(self, x: Tensor, *conditions: Any) -> K:
        """The K of this call; t is no condition."""
        told = [each for each in conditions if isinstance(each, Tensor)]
        key = (x.shape, *map(id, told))
        if key not in self._kept:
            self._kept[key] = (told, self.new())  # holding the tensors keeps their ids theirs
            if len(self._kept) > _MOST:
                del self._kept[next(iter(self._kept))]
        self.here = self._kept[key][1]
        return self.here


_MOST = 8  # branches, each with and without its neighbours in the batch
