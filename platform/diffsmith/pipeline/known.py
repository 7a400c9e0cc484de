"""What a request shows of the sample that is to be made: a picture, a clip, or some frames of one."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from ..errors import SpecError
from ..specs import Request
from .shown import clip, frame, last_frames, picture, whole

if TYPE_CHECKING:
    from .alive import Pipeline

__all__ = ["Known", "continued", "known", "mask_of"]

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
        return None if request.image is None else _encoded(pipeline, picture(pipeline, request)[None])
    if request.video is not None:
        return _encoded(pipeline, clip(pipeline, request, request.video)[None])
    if request.extend is not None:
        return _continued(pipeline, request, request.extend)
    if request.image is not None and request.strength < 1:
        return _still(pipeline, request, request.image)
    first = () if request.image is None or "picture" in pipeline.reads else (request.image,)
    pictures = request.between or first
    return _at_places(pipeline, request, pictures) if pictures else None


def mask_of(pipeline: "Pipeline", request: Request, shown: Tensor) -> Tensor:
    """1 where the mask is white and the picture is made anew, else 0: [1, 1, H, W], of the picture's size."""
    height, width = shown.shape[-2:]
    grey = pipeline.modality.read(Path(request.mask or ""), 1, (height, width), 1)
    return (grey[None].to(shown) >= 0).to(shown)


def continued(pipeline: "Pipeline", request: Request, data: Tensor) -> Tensor:
    """Clips [B, F, H, W, C] as the modality decodes them, behind the one that they go on from."""
    if request.extend is None:
        return data
    before = pipeline.modality.decode(whole(pipeline, request, request.extend)[None].cpu())
    return torch.cat([before.expand(len(data), *before.shape[1:]), data[:, request.keep :]], dim=1)


def _encoded(pipeline: "Pipeline", shown: Tensor) -> Known:
    return Known(pipeline.encoded(shown), shown)


def _still(pipeline: "Pipeline", request: Request, path: str) -> Known:
    """A clip in which nothing moves, to begin from."""
    frames = pipeline.extent.shape_of(request)[1]
    return _encoded(pipeline, frame(pipeline, request, path)[None, :, None].expand(-1, -1, frames, -1, -1))


def _at_places(pipeline: "Pipeline", request: Request, pictures: tuple[str, ...]) -> Known:
    """Pictures evenly through the clip, from its first frame to its last."""
    frames = pipeline.extent.shape_of(request)[1]
    if len(pictures) > frames:
        raise SpecError([f"between: {len(pictures)} pictures do not fit into {frames} frames; give fewer"])
    apart = (frames - 1) / max(1, len(pictures) - 1)
    shown = torch.stack([frame(pipeline, request, path) for path in pictures], dim=1)[None]
    return _placed(pipeline, shown, [round(place * apart) for place in range(len(pictures))], frames)


def _continued(pipeline: "Pipeline", request: Request, path: str) -> Known:
    """The last frames of a clip at the start of the one that goes on from it."""
    frames = pipeline.extent.shape_of(request)[1]
    if request.keep >= frames:
        raise SpecError([f"keep: {request.keep} of {frames} frames leaves nothing to make; keep fewer"])
    return _placed(pipeline, last_frames(pipeline, request, path)[None], [*range(request.keep)], frames)


def _placed(pipeline: "Pipeline", shown: Tensor, places: list[int], frames: int) -> Known:
    """Known frames [1, C, n, H, W] where they stand in a clip of so many."""
    x, where = pipeline.encoded(shown), torch.tensor(places, device=shown.device)
    latents = x.new_zeros(*x.shape[:2], frames, *x.shape[3:]).index_copy_(2, where, x)
    free = x.new_ones(frames).index_fill_(0, where, 0)
    return Known(latents, shown, free[None, None, :, None, None])
