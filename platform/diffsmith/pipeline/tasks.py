"""Where a walk begins, and what is known of its end: from noise, from a picture, or in a part of one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from ..diffusion.denoiser import Denoise
from ..diffusion.inpainting import keeping
from ..diffusion.levels import Level
from ..diffusion.noise import Seeded
from ..diffusion.starting import noised, pure
from ..errors import SpecError
from ..specs import Request

if TYPE_CHECKING:
    from .alive import Pipeline

__all__ = ["Task", "as_it_is", "task"]


def as_it_is(x: Tensor) -> Tensor:
    """Nothing is known of x."""
    return x


@dataclass(frozen=True)
class Task:
    """x where the walk begins, the levels it visits, and what is put around the clean estimate.

    whole: x at the end -> the same with what is known in its place, whatever noise the last level holds.
    """

    x: Tensor
    log_snrs: Tensor
    seeds: Sequence[int]
    beside: Tensor | None = None
    known: Callable[[Denoise], Denoise] = lambda denoise: denoise
    whole: Callable[[Tensor], Tensor] = as_it_is


def task(pipeline: "Pipeline", request: Request, log_snrs: Tensor) -> Task:
    """What the request's picture and mask mean for this network, on a walk over those levels."""
    extent, here = pipeline.extent, pipeline.schedule.path(log_snrs[0].item())
    if extent.extra_channels and request.mask is None:
        raise SpecError([f"image, mask: missing; {extent.name} only fills in a part of a picture"])
    picture = _picture(pipeline, request)
    latents = None if picture is None else pipeline.encoded(picture)
    shape = extent.shape_of(request) if latents is None else tuple(latents.shape[1:])
    noise = Seeded(request.seeds)(torch.empty(len(request.seeds), *shape, device=pipeline.device), here, here)
    if picture is None or latents is None:
        return Task(pure(noise, here), log_snrs, request.seeds)
    begun = noised(latents.expand_as(noise), noise, here)
    if request.mask is None:
        return Task(begun, log_snrs, request.seeds)
    if request.strength == 1:  # as published: then only what is around the mask is known
        begun = pure(noise, here)
    mask = _mask(pipeline, request, picture)
    if extent.extra_channels:
        return Task(begun, log_snrs, request.seeds, _beside(pipeline, picture, mask, noise))
    return _filling(Task(begun, log_snrs, request.seeds), latents, mask, noise, here)


def _beside(pipeline: "Pipeline", picture: Tensor, mask: Tensor, noise: Tensor) -> Tensor:
    """The mask and the latents of what it leaves, for networks that read both (Rombach et al. 2022)."""
    left = pipeline.encoded(picture * (mask < 0.5))
    both = torch.cat([F.interpolate(mask, noise.shape[2:]), left], dim=1)
    return both.expand(len(noise), *both.shape[1:])


def _filling(begun: Task, latents: Tensor, mask: Tensor, noise: Tensor, here: Level) -> Task:
    """For networks that read neither: the picture, as noisy as x, is shown around the mask."""
    image, small = latents.expand_as(noise), F.interpolate(mask, noise.shape[2:])
    known = partial(keeping, image=image, mask=small, noise=noise, begun=here)
    return replace(begun, known=known, whole=lambda x: image.lerp(x, small))


def _picture(pipeline: "Pipeline", request: Request) -> Tensor | None:
    """The picture to begin from [1, C, H, W] in [-1, 1], as large as the network can make it."""
    if request.image is None:
        return None
    extent = pipeline.extent
    size = extent.size_of(request)
    read = pipeline.modality.read(Path(request.image), extent.data_channels, size, extent.grain)
    return read[None].to(pipeline.device)


def _mask(pipeline: "Pipeline", request: Request, picture: Tensor) -> Tensor:
    """1 where the mask is white and the picture is made anew, else 0: [1, 1, H, W], of the picture's size."""
    height, width = picture.shape[2:]
    grey = pipeline.modality.read(Path(request.mask or ""), 1, (height, width), 1)
    return (grey[None].to(picture) >= 0).to(picture)
