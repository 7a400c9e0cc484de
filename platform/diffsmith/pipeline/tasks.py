"""Where a walk begins, and what is known of its end: noise, a picture, a clip, or parts of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
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
from .known import Known, known, mask_of

if TYPE_CHECKING:
    from .alive import Pipeline

__all__ = ["Task", "as_it_is", "task"]


def as_it_is(x: Tensor) -> Tensor:
    """Nothing is known of x."""
    return x


@dataclass(frozen=True)
class Task:
    """x where the walk begins, the levels it visits, and what is put around the clean estimate.

    noise: the unit noise in x. beside: channels that the network reads behind those of x. whole: x at the
    end -> the same with what is known in its place, whatever noise the last level holds.
    """

    x: Tensor
    log_snrs: Tensor
    seeds: Sequence[int]
    noise: Tensor | None = None
    beside: Tensor | None = None
    known: Callable[[Denoise], Denoise] = lambda denoise: denoise
    whole: Callable[[Tensor], Tensor] = as_it_is


def task(pipeline: "Pipeline", request: Request, log_snrs: Tensor) -> Task:
    """What the request's pictures, clips and masks mean for this network, on a walk over those levels."""
    extent, here = pipeline.extent, pipeline.schedule.path(log_snrs[0].item())
    fills = extent.extra_channels and "picture" not in pipeline.reads
    if fills and request.mask is None:
        raise SpecError([f"image, mask: missing; {extent.name} only fills in a part of a picture"])
    found = known(pipeline, request)
    shape = extent.shape_of(request) if found is None else tuple(found.x.shape[1:])
    noise = Seeded(request.seeds)(torch.empty(len(request.seeds), *shape, device=pipeline.device), here, here)
    begun = Task(pure(noise, here), log_snrs, request.seeds, noise)
    if found is None:
        return begun
    if found.places is not None:  # frames of a clip
        return _filling(begun, found.x, found.places, here)
    under = replace(begun, x=noised(found.x.expand_as(noise), noise, here))
    if request.mask is None:
        return under
    if request.strength < 1:  # at 1, as published, only what is around the mask is known
        begun = under
    mask = mask_of(pipeline, request, found.pixels)
    if fills:
        return replace(begun, beside=_beside(pipeline, found, mask, noise))
    return _filling(begun, found.x, _small(mask, noise), here)


def _beside(pipeline: "Pipeline", found: Known, mask: Tensor, noise: Tensor) -> Tensor:
    """The mask and the latents of what it leaves, for networks that read both (Rombach et al. 2022)."""
    left = pipeline.encoded(found.pixels * (mask < 0.5))
    both = torch.cat([_small(mask, noise), left], dim=1)
    return both.expand(len(noise), *both.shape[1:])


def _small(mask: Tensor, noise: Tensor) -> Tensor:
    """The mask [1, 1, H, W] at the size of latents; over all frames of a clip the same."""
    small = F.interpolate(mask, noise.shape[-2:])
    return small[:, :, None] if noise.ndim > small.ndim else small


def _filling(begun: Task, latents: Tensor, mask: Tensor, here: Level) -> Task:
    """For networks that read neither: what is known, as noisy as x, is shown where the mask is 0."""
    image = latents.expand_as(begun.x)
    knows = partial(keeping, image=image, mask=mask, noise=begun.noise, begun=here)
    return replace(begun, known=knows, whole=lambda x: image.lerp(x, mask.to(x)))
