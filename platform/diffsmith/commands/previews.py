"""A look at samples while they are made."""

from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SpecError

if TYPE_CHECKING:
    from ..diffusion.trajectory import Frame
    from ..modality import Modality
    from ..pipeline import Pipeline
    from ..specs import Request

__all__ = ["previewed", "require_preview"]


def require_preview(path: Path, modality: "Modality") -> None:
    """Refuse a file in which no sheet can be written."""
    if path.suffix.lower() not in modality.suffixes:
        known = ", ".join(modality.suffixes)
        raise SpecError([f"--preview {path}: expected a file of {known}"])


def previewed(
    frames: "Iterator[Frame]", pipeline: "Pipeline", request: "Request", path: Path
) -> "Iterator[Frame]":
    """The frames themselves; beside, a sheet of each one's clean estimates is written to the path."""
    from ..pipeline.requests import batches
    from ..samples import Sample, save_sheet

    for frame, part in _with_requests(frames, batches(request, pipeline.spec.engine.batch)):
        data = pipeline.decoded(frame.x0, quickly=True)
        rows = [part.row(row) for row in range(len(data))]
        made = [
            Sample(each, pipeline.modality, {}, row["seed"], row.get("label"))
            for each, row in zip(data, rows, strict=True)
        ]
        save_sheet(made, path)
        yield frame


def _with_requests(
    frames: "Iterator[Frame]", parts: "Iterator[Request]"
) -> "Iterator[tuple[Frame, Request]]":
    """Each frame with the request of its batch: the next one begins where the noise is back."""
    part, reached = next(parts), -inf
    for frame in frames:
        part = next(parts) if frame.level.log_snr <= reached else part
        reached = frame.level.log_snr
        yield frame, part
