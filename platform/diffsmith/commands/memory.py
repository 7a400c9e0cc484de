"""What to do where the memory is not enough, in the order of what it saves there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import DiffsmithError

if TYPE_CHECKING:
    from ..pipeline import Pipeline
    from ..specs import Request

__all__ = ["is_out_of_memory", "remembering_memory"]

_GIB = 2**30
_CLIP = 4  # numbers in the shape of a clip


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device, or the machine, had no more memory to give."""
    told = str(error)
    return type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in told


@contextmanager
def remembering_memory(pipeline: "Pipeline", request: "Request") -> Iterator[None]:
    """Where memory runs out inside, say what was needed, and which settings would save how much of it."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not (isinstance(error, MemoryError) or is_out_of_memory(error)):
            raise
        raise DiffsmithError(_advice(pipeline, request)) from error


def _advice(pipeline: "Pipeline", request: "Request") -> str:
    from ..pipeline.memory import savings

    needed, saved = savings(pipeline, request)
    told = "".join(f"--set {setting} (saves {size(most)}), " for setting, most in saved)
    least = "fewer --frames or a smaller --size" if len(pipeline.shape) == _CLIP else "a smaller --size"
    return f"not enough memory: this needs about {size(needed.total)}. Try, in this order, {told}{least}"


def size(count: int) -> str:
    """Bytes in the unit that suits them."""
    return f"{count / _GIB:.1f} GiB" if count >= _GIB else f"{count / 2**20:.0f} MiB"
