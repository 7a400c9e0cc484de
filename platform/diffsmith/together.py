"""A change that all threads of a process see, made once however many of them want it at the same time."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from threading import Lock
from types import TracebackType

__all__ = ["together"]


def together(
    change: Callable[[], AbstractContextManager[None]],
) -> Callable[[], AbstractContextManager[None]]:
    """That change, begun by the first who comes in and undone by the last who leaves.

    Two threads that each saved and restored what they found would leave behind what the first had set.
    """
    shared = _Together(change)
    return lambda: shared


class _Together:
    def __init__(self, change: Callable[[], AbstractContextManager[None]]) -> None:
        self._change, self._lock = change, Lock()
        self._inside, self._made = 0, ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._made.enter_context(self._change())
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._made.close()
