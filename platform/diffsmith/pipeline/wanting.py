"""A request as conditioners look at it: its words, its picture, the size of what is made."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from torch import Tensor

from ..conditioning import Wanted
from ..diffusion.levels import Level
from ..diffusion.noise import Seeded
from ..pictures.reading import fitted, pixels, upright
from ..specs import Request
from .shown import last_frames

if TYPE_CHECKING:
    from .alive import Pipeline

__all__ = ["FPS", "apart", "wanted"]

FPS = 8.0


def wanted(pipeline: "Pipeline", request: Request, x: Tensor) -> Wanted:
    """For samples that begin as x [B, C, (F,) h, w]."""
    extent, count = pipeline.extent, len(request.seeds)
    size = (x.shape[-2] * extent.factor, x.shape[-1] * extent.factor)
    shown = _shown(pipeline, request, size) if "picture" in pipeline.reads else None
    original, picture = (None, None) if shown is None else (each.to(x.device) for each in shown)
    noise = Seeded(apart(request.seeds))
    here = Level(0.0, 1.0)
    return Wanted(
        _each(request.prompts or ("",), count),
        None if request.negatives is None else _each(request.negatives, count),
        size,
        x.shape[2] if x.ndim == 5 else 1,
        request.fps or pipeline.fps,
        original,
        picture,
        pipeline.encoded,
        pipeline.coding.raw,
        lambda like: noise(like, here, here),
    )


def apart(seeds: Sequence[int], number: int = 0) -> list[int]:
    """Seeds of other noise than that which x begins with and is walked with."""
    return [(seed + _ANOTHER * (number + 1)) % 2**32 for seed in seeds]


_ANOTHER = 0x9E3779B1  # far from the seeds that people count up


def _shown(pipeline: "Pipeline", request: Request, size: tuple[int, int]) -> tuple[Tensor, Tensor] | None:
    """The picture that is to move, [1, 3, H, W] as large as it came, and of that size."""
    if request.extend is not None:
        first = last_frames(pipeline, request, request.extend)[None, :, 0]
        return first, first
    path = request.image or (request.between[0] if request.between else None)
    if path is None:
        return None
    image = fitted(upright(Path(path)), size, request.fit or "crop")
    small = image.resize(size[::-1], Image.Resampling.LANCZOS)
    return pixels(image, 3)[None], pixels(small, 3)[None]


def _each(values: tuple[str, ...], count: int) -> tuple[str, ...]:
    return values * count if len(values) == 1 else values
