"""What a modality is: how the tensors of a kind of data become something people see or hear."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from .samples import Sample

__all__ = ["Modality"]


class Modality(Protocol):
    """Stateless; one instance is registered. Tensors x are what networks work on, about unit size."""

    name: str
    summary: str
    suffixes: tuple[str, ...]
    """File endings it can write; the first is the default."""
    metrics: tuple[str, ...]
    """The metrics a sweep scores with unless told otherwise, the leading one first."""
    cost: str
    """What a sweep weighs them against unless told otherwise: latency, frame_latency, memory."""

    def decode(self, x: "Tensor") -> "Tensor":
        """Network space [B, ...] -> what a Sample holds [B, ...]."""
        ...

    def encode(self, data: "Tensor") -> "Tensor":
        """The other way round."""
        ...

    def read(self, path: Path, channels: int, size: tuple[int, int] | None, grain: int) -> "Tensor":
        """A file a person has, in network space without a batch [C, H, W].

        Scaled to that height and width, or where none is given down to multiples of `grain`. A FileFault
        says what is wrong with the file.
        """
        ...

    def write(self, data: "Tensor", path: Path, facts: dict[str, str], rate: float | None = None) -> None:
        """Write one decoded sample as a file of the path's suffix, with the facts inside it.

        rate: of what lasts a time, its frames or samples a second.
        """
        ...

    def facts(self, path: Path) -> dict[str, str]:
        """The facts inside a file it wrote; none where there are none."""
        ...

    def sheet(self, samples: "Sequence[Sample]", path: Path) -> None:
        """Write one picture that shows the samples side by side."""
        ...

    def embedder(self, data: Any) -> Any:
        """A feature space for metrics: a callable x [B, ...] -> features [B, D], trained once and cached."""
        ...
