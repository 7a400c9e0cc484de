"""A clip that a person has, as so many frames of a size."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from math import inf
from pathlib import Path

import torch
from PIL import Image, ImageChops, ImageStat
from torch import Tensor

from diffsmith.errors import FileFault, SpecError
from diffsmith.pictures.reading import Fit, fitted, pixels

from .sources import Clip, Content, Moment, moments

__all__ = ["in_time", "read_clip"]


def read_clip(  # noqa: PLR0913 — where it is, and what is wanted of it
    clip: Clip,
    channels: int,
    *,
    size: tuple[int, int] | None = None,
    frames: int | None = None,
    rate: float | None = None,
    start: int = 0,
    fit: Fit = "crop",
    grain: int = 1,
) -> Tensor:
    """[channels, F, H, W] in [-1, 1], upright, its pixels square, on white where it is transparent.

    Any kind of video or animated picture, a folder of pictures, or pictures named frame_%04d.png. rate:
    frames a second, each the nearest in time; None: the frames as they come, as are pictures one by one.
    start, frames: which of those, all unless told; a negative start counts from the end; of a clip that is
    shorter, there are fewer. size: height and width, to which `fit` cuts or fills up; None: its own, cut to
    multiples of `grain`. One frame at a time is decoded, and those that are wanted are kept.
    """
    wanted = _chosen(in_time(moments(clip, rate, _since(start, rate)), rate), start, frames)
    name = clip.name if isinstance(clip, Content) else clip
    found, last = list[Tensor](), None
    for moment in wanted:
        if moment is not last:  # of one that is held, all frames are one
            image, last = moment.picture(), moment
            size = size or _own(image, grain, name)
            shown = pixels(_scaled(image, size, fit), channels)
        found.append(shown)
    if not found:
        raise FileFault(name, f"holds no frame {start}, expected a longer clip")
    return torch.stack(found, dim=1)


def in_time(moments: Iterable[Moment], rate: float | None) -> Iterator[Moment]:
    """Those that are nearest to 0, 1 / rate, 2 / rate, ... while the clip lasts; all where no rate is given.

    The last is held as long as half of a further frame's time is left.
    """
    if rate is None:
        yield from moments
        return
    number, last = 0, Moment(-inf, -inf, Image.Image)
    for moment in moments:
        while number / rate <= (last.time + moment.time) / 2 + _JITTER:
            yield last
            number += 1
        last = moment
    while number / rate <= last.time + _JITTER or (number + 0.5) / rate <= last.until + _JITTER:
        yield last
        number += 1


_CODED = 3
"""Levels of 255 by which a codec changes a picture."""

_JITTER = 1e-6
"""Seconds: less than any container counts in."""


def _since(start: int, rate: float | None) -> float:
    """Seconds before which nothing is wanted."""
    return max(0.0, start / rate) if rate else 0.0


def _chosen(shown: Iterator[Moment], start: int, frames: int | None) -> Iterator[Moment]:
    if start >= 0:
        return islice(shown, start, None if frames is None else start + frames)
    return islice(deque(shown, maxlen=-start), frames)


def _own(image: Image.Image, grain: int, clip: Path) -> tuple[int, int]:
    height, width = (side // grain * grain for side in (image.height, image.width))
    if not height or not width:
        least = f"at least {grain}x{grain} are needed"
        raise SpecError([f"{clip}: {image.width}x{image.height} pixels are too few; {least}"])
    return height, width


def _scaled(image: Image.Image, size: tuple[int, int], fit: Fit) -> Image.Image:
    whole, wanted = fitted(image, size, fit), (size[1], size[0])
    if whole.size == wanted:
        return whole
    return _before_enlarging(whole, wanted) or whole.resize(wanted, Image.Resampling.LANCZOS)


def _before_enlarging(whole: Image.Image, size: tuple[int, int]) -> Image.Image | None:
    """The picture whose pixels were made squares, as small clips are written, if that is what it shows."""
    times = whole.width // size[0]
    if times < 2 or whole.size != (size[0] * times, size[1] * times):
        return None
    small = whole.reduce(times)
    again = small.resize(whole.size, Image.Resampling.NEAREST)
    apart = ImageStat.Stat(ImageChops.difference(whole, again)).mean
    return small if max(apart) < _CODED else None
