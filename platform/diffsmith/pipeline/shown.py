"""The pictures and clips that a request shows, as what is made: of its size, length and speed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from torch import Tensor

from ..errors import SpecError
from ..pictures.reading import Fit, fitted, pixels, upright
from ..specs import Request

if TYPE_CHECKING:
    from .alive import Pipeline

__all__ = ["clip", "frame", "last_frames", "picture", "whole"]


def picture(pipeline: "Pipeline", request: Request) -> Tensor:
    """The picture to begin from [C, H, W] in [-1, 1], as large as the network can make it."""
    extent, path = pipeline.extent, Path(request.image or "")
    size = extent.size_of(request)
    if size is not None and request.fit in ("crop", "pad"):
        return _of_size(path, extent.data_channels, size, request.fit).to(pipeline.device)
    return pipeline.modality.read(path, extent.data_channels, size, extent.grain).to(pipeline.device)


def frame(pipeline: "Pipeline", request: Request, path: str) -> Tensor:
    """A picture as a frame [C, H, W] of what is made."""
    extent = pipeline.extent
    size = extent.size_of(request) or extent.native
    return _of_size(Path(path), extent.data_channels, size, request.fit or "crop").to(pipeline.device)


def clip(pipeline: "Pipeline", request: Request, path: str) -> Tensor:
    """A clip [C, F, H, W] in [-1, 1], as long and as large as what is made."""
    count = pipeline.extent.shape_of(request)[1]
    found = _read(pipeline, request, path, frames=count)
    if found.shape[1] < count:
        had = f"{path} has {found.shape[1]} frames, and {count} are asked for"
        raise SpecError([f"frames: {had}; ask for {found.shape[1]}, or for more frames a second"])
    return found


def last_frames(pipeline: "Pipeline", request: Request, path: str) -> Tensor:
    """The last `keep` frames of a clip [C, keep, H, W]."""
    found = _read(pipeline, request, path, start=-request.keep)
    if found.shape[1] < request.keep:
        had = f"{path} has {found.shape[1]} frames, not {request.keep}"
        raise SpecError([f"keep: {had}; keep as many or fewer"])
    return found


def whole(pipeline: "Pipeline", request: Request, path: str) -> Tensor:
    """All of a clip [C, F, H, W], as large as what is made."""
    return _read(pipeline, request, path)


def _read(pipeline: "Pipeline", request: Request, path: str, **part: Any) -> Tensor:
    """At the speed of what is made; pictures in a folder have none and follow one another."""
    extent, read = pipeline.extent, getattr(pipeline.modality, "read_clip", None)
    if read is None:
        raise SpecError([f"video: {pipeline.modality.name} data have no clips; leave it out"])
    told = {"rate": request.fps or pipeline.fps, "fit": request.fit or "crop", "grain": extent.grain}
    size = extent.size_of(request) or extent.native
    found: Tensor = read(Path(path), extent.data_channels, size=size, **told, **part)
    return found.to(pipeline.device)


def _of_size(path: Path, channels: int, size: tuple[int, int], fit: Fit) -> Tensor:
    image = fitted(upright(path), size, fit)
    return pixels(image.resize(size[::-1], Image.Resampling.LANCZOS), channels)
