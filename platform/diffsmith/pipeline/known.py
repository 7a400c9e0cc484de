"""What a request shows of the sample that is to be made: a picture, a clip, or some frames of one."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from ..errors import SpecError
from ..pictures.reading import fitted, pixels, upright
from ..specs import Request

if TYPE_CHECKING:
    from .alive import Pipeline

__all__ = ["Known", "clip", "continued", "known", "last_frames", "mask_of"]

_CLIP = 4  # numbers in the shape of a clip


class Known(NamedTuple):
    """x [1, C, (F,) h, w] in network space, made of pixels; places [1, 1, F, 1, 1]: 0 where frames are known.

    Without places all of x is a beginning, and none of it has to stay.
    """

    x: Tensor
    pixels: Tensor
    places: Tensor | None = None


def known(pipeline: "Pipeline", request: Request) -> Known | None:
    """What is known of the sample, or None."""
    if len(pipeline.shape) < _CLIP:
        return None if request.image is None else _encoded(pipeline, _picture(pipeline, request)[None])
    if request.video is not None:
        return _encoded(pipeline, clip(pipeline, request, request.video)[None])
    if request.extend is not None:
        return _continued(pipeline, request, request.extend)
    first = () if request.image is None or "picture" in pipeline.reads else (request.image,)
    pictures = request.between or first
    if pictures and request.strength < 1:
        return _still(pipeline, request, pictures[0])
    return _at_places(pipeline, request, pictures) if pictures else None


def clip(pipeline: "Pipeline", request: Request, path: str, frames: int | None = None) -> Tensor:
    """A clip that a person has [C, F, H, W], as long and as large as is asked for."""
    extent, read = pipeline.extent, _reader(pipeline)
    count = frames or extent.shape_of(request)[1]
    size = extent.size_of(request) or extent.native
    found: Tensor = read(
        Path(path),
        extent.data_channels,
        size=size,
        frames=count,
        rate=request.fps,
        fit=request.fit or "crop",
        grain=extent.grain,
    )
    if found.shape[1] < count:
        had = f"{path} has {found.shape[1]} frames, and {count} are asked for"
        raise SpecError([f"frames: {had}; ask for {found.shape[1]}, or for more frames a second"])
    return found.to(pipeline.device)


def mask_of(pipeline: "Pipeline", request: Request, picture: Tensor) -> Tensor:
    """1 where the mask is white and the picture is made anew, else 0: [1, 1, H, W], of the picture's size."""
    height, width = picture.shape[-2:]
    grey = pipeline.modality.read(Path(request.mask or ""), 1, (height, width), 1)
    return (grey[None].to(picture) >= 0).to(picture)


def _encoded(pipeline: "Pipeline", shown: Tensor) -> Known:
    return Known(pipeline.encoded(shown), shown)


def _picture(pipeline: "Pipeline", request: Request) -> Tensor:
    """The picture to begin from [C, H, W] in [-1, 1], as large as the network can make it."""
    extent = pipeline.extent
    size = extent.size_of(request)
    path = Path(request.image or "")
    if size is not None and request.fit in ("crop", "pad"):
        return _of_size(path, extent.data_channels, size, request.fit).to(pipeline.device)
    return pipeline.modality.read(path, extent.data_channels, size, extent.grain).to(pipeline.device)


def _still(pipeline: "Pipeline", request: Request, path: str) -> Known:
    """A clip in which nothing moves, to begin from."""
    frames = pipeline.extent.shape_of(request)[1]
    return _encoded(pipeline, _frame(pipeline, request, path)[None, :, None].expand(-1, -1, frames, -1, -1))


def _frame(pipeline: "Pipeline", request: Request, path: str) -> Tensor:
    """A picture as a frame [C, H, W] of what is made."""
    extent = pipeline.extent
    size = extent.size_of(request) or extent.native
    return _of_size(Path(path), extent.data_channels, size, request.fit or "crop").to(pipeline.device)


def _of_size(path: Path, channels: int, size: tuple[int, int], fit: Any) -> Tensor:
    from PIL import Image

    image = fitted(upright(path), size, fit)
    return pixels(image.resize(size[::-1], Image.Resampling.LANCZOS), channels)


def _at_places(pipeline: "Pipeline", request: Request, pictures: tuple[str, ...]) -> Known:
    """Pictures evenly through the clip, from its first frame to its last."""
    frames = pipeline.extent.shape_of(request)[1]
    if len(pictures) > frames:
        raise SpecError([f"between: {len(pictures)} pictures do not fit into {frames} frames; give fewer"])
    apart = (frames - 1) / max(1, len(pictures) - 1)
    shown = torch.stack([_frame(pipeline, request, path) for path in pictures], dim=1)[None]
    return _placed(
        pipeline.encoded(shown), shown, [round(place * apart) for place in range(len(pictures))], frames
    )


def _continued(pipeline: "Pipeline", request: Request, path: str) -> Known:
    """The last frames of a clip at the start of the one that goes on from it."""
    frames = pipeline.extent.shape_of(request)[1]
    if request.keep >= frames:
        raise SpecError([f"keep: {request.keep} of {frames} frames leaves nothing to make; keep fewer"])
    shown = last_frames(pipeline, request, path)[None]
    return _placed(pipeline.encoded(shown), shown, [*range(shown.shape[2])], frames)


def continued(pipeline: "Pipeline", request: Request, data: Tensor) -> Tensor:
    """Clips [B, F, H, W, C] as the modality decodes them, behind the one that they go on from."""
    if request.extend is None:
        return data
    before = pipeline.modality.decode(_whole(pipeline, request, request.extend)[None])
    return torch.cat([before.expand(len(data), *before.shape[1:]), data[:, request.keep :]], dim=1)


def last_frames(pipeline: "Pipeline", request: Request, path: str) -> Tensor:
    """The last `keep` frames of a clip [C, keep, H, W]."""
    whole = _whole(pipeline, request, path)
    if whole.shape[1] < request.keep:
        had = f"{path} has {whole.shape[1]} frames, not {request.keep}"
        raise SpecError([f"keep: {had}; keep as many or fewer"])
    return whole[:, -request.keep :].to(pipeline.device)


def _whole(pipeline: "Pipeline", request: Request, path: str) -> Tensor:
    """All of a clip, as large as is asked for."""
    extent, read = pipeline.extent, _reader(pipeline)
    size, fit = extent.size_of(request) or extent.native, request.fit or "crop"
    shown: Tensor = read(
        Path(path), extent.data_channels, size=size, rate=request.fps, fit=fit, grain=extent.grain
    )
    return shown


def _reader(pipeline: "Pipeline") -> Any:
    read = getattr(pipeline.modality, "read_clip", None)
    if read is None:
        raise SpecError([f"video: {pipeline.modality.name} data have no clips; leave it out"])
    return read


def _placed(x: Tensor, shown: Tensor, places: list[int], frames: int) -> Known:
    """Known frames [1, C, n, h, w] where they stand in a clip of so many."""
    where = torch.tensor(places, device=x.device)
    whole = x.new_zeros(*x.shape[:2], frames, *x.shape[3:]).index_copy_(2, where, x)
    free = x.new_ones(frames).index_fill_(0, where, 0)
    return Known(whole, shown, free[None, None, :, None, None])
