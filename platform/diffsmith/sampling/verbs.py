"""The two verbs, and how their arguments become a walk."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from inspect import signature
from itertools import chain
from typing import NamedTuple, ParamSpec, TypeVar

import torch
from torch import Tensor

from .. import factory
from ..diffusion.coordinates import moved_to
from ..diffusion.levels import Path
from ..diffusion.noise import Noise
from ..diffusion.schedules import NoiseSchedule
from ..diffusion.trajectory import Frame
from ..errors import SpecError, unknown_name
from ..refusals import require_a_beginning, require_readable, require_same_walk
from ..registry import Registry, default_registry
from ..specs import SchedulerSpec, parse
from .asking import Asked, Net, Told, Wrap, noise_known
from .given import Given
from .grid import levels
from .named import Named, choice, written

__all__ = ["frames", "sample"]

P = ParamSpec("P")
T = TypeVar("T")


class _Walk(NamedTuple):
    """Frames to come, after the one it goes on from, and the network's own path."""

    frames: Iterator[Frame]
    before: tuple[Frame, ...]
    path: Path


def _walk(  # noqa: PLR0913 — each is a choice of its own, and most are never given
    net: Net,
    x: Tensor | Frame | None = None,
    *,
    scheduler: Named = "dpmpp_2m",
    steps: int = 20,
    spacing: Named | None = None,
    sigmas: Sequence[float] | None = None,
    timesteps: Sequence[float] | None = None,
    log_snrs: Sequence[float] | None = None,
    path: Named | NoiseSchedule = "vp",
    prediction: Named = "epsilon",
    told: Told = "timestep",
    guidance: Named = "none",
    uncond: Net | None = None,
    threshold: Named | None = None,
    boundary: Named | Wrap | None = None,
    shape: Sequence[int] | None = None,
    seeds: Sequence[int] | None = None,
    noise: Named | Noise = "seeded",
    image: Tensor | None = None,
    mask: Tensor | None = None,
    strength: float = 1.0,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
    registry: Registry | None = None,
) -> _Walk:
    registry = registry or default_registry()
    given = Given(x, shape, seeds, image, mask, strength, dtype, device)
    given.require_sense()
    solver = parse(SchedulerSpec, written(scheduler, "scheduler"), "scheduler")
    schedule = noise_known(path, told, registry)
    listed = {"sigmas": sigmas, "timesteps": timesteps, "log_snrs": log_snrs}
    visited = levels(schedule, solver, steps, spacing, listed, strength, registry)
    row = registry.bind("predictions", choice(prediction, "prediction"), "prediction")()
    require_readable(schedule, row, visited)
    asked = Asked(net, uncond, row, boundary, guidance, threshold)
    denoise = given.keeping(asked.denoiser(schedule, solver, registry))
    loop, drawing = factory.scheduler(solver, registry), given.noise(noise, visited, registry)
    require_a_beginning(loop, schedule, visited)
    start = given.start(schedule.path(visited[0].item()))
    if isinstance(start, Frame):
        require_same_walk(start, schedule, visited, solver, registry)
    if isinstance(start, Frame) and start.level.sigma == 0:
        return _Walk(iter(()), (start,), schedule.path)
    walked = _counting(loop(denoise, start, schedule, visited, drawing), drawing)
    return _Walk(walked, (start,) if isinstance(start, Frame) else (), schedule.path)


def _from(walk: Callable[P, _Walk]) -> Callable[[Callable[[_Walk], T]], Callable[P, T]]:
    """Give a verb the walk's arguments, as people and type checkers see them."""

    def verb_of(read: Callable[[_Walk], T]) -> Callable[P, T]:
        @wraps(read)
        def verb(*args: P.args, **kwargs: P.kwargs) -> T:
            _refuse_unknown(kwargs, read.__name__)
            return read(walk(*args, **kwargs))

        returned = signature(read).return_annotation
        verb.__signature__ = signature(walk).replace(return_annotation=returned)  # type: ignore[attr-defined]
        return verb

    return verb_of


def _refuse_unknown(given: Mapping[str, object], verb: str) -> None:
    known = list(signature(_walk).parameters)
    if wrong := [name for name in given if name not in known]:
        raise SpecError([unknown_name(verb, name, known) for name in wrong])


@_from(_walk)
def sample(walk: _Walk) -> Tensor:
    """The sample [B, ...] that net(x, t [B]) -> x-like, of whatever kind, leads to from noise.

    x is where the walk begins, as it is, or an earlier Frame to go on from; with shape= (of one sample)
    and seeds= it is made. The docs say what the other choices are: docs/sampling.md.
    """
    (last,) = deque(chain(walk.before, walk.frames), maxlen=1)
    return moved_to(walk.path, last.x, last.level)


@_from(_walk)
def frames(walk: _Walk) -> Iterator[Frame]:
    """The same, step by step: a Frame after each, any of which can be gone on from, bit for bit.

    frame.x lies on the path that the scheduler walks, at frame.level; frame.x0 is the clean estimate.
    """
    return walk.frames


@torch.no_grad()
def _counting(walked: Iterator[Frame], noise: Noise) -> Iterator[Frame]:
    """Every frame with how often noise was drawn until then."""
    for frame in walked:
        yield replace(frame, drawn=getattr(noise, "drawn", 0))
