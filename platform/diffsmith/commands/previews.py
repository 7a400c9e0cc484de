"""A look at samples while they are made."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SpecError

if TYPE_CHECKING:
    from ..diffusion.trajectory import Frame
    from ..pipeline import Pipeline

__all__ = ["previewed"]


def previewed(frames: "Iterator[Frame]", pipeline: "Pipeline", path: Path) -> "Iterator[Frame]":
    """The frames themselves; beside, a sheet of each one's clean estimates is written to the path."""
    from ..samples import Sample, save_sheet

    if path.suffix.lower() not in pipeline.modality.suffixes:
        known = ", ".join(pipeline.modality.suffixes)
        raise SpecError([f"--preview {path}: expected a file of {known}"])
    for frame in frames:
        data = pipeline.decoded(frame.x0, quickly=True)
        save_sheet([Sample(each, pipeline.modality, {}, row) for row, each in enumerate(data)], path)
        yield frame
