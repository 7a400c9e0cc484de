"""Which kind of clip something is."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..files.stills import is_numbered
from .animations import animation_moments, is_animation
from .moments import Clip, Content, Moment, opened
from .pictures import folder_of, numbered_files, picture_moments
from .videos import video_moments, video_seconds

__all__ = ["lasting", "moments"]


class _Source(NamedTuple):
    """moments: those from a time in seconds on, and maybe some before it; seconds: how long it lasts."""

    moments: Callable[[float], Iterator[Moment]]
    seconds: Callable[[], float]


def moments(clip: Clip, rate: float | None = None, since: float = 0.0) -> Iterator[Moment]:
    """Its pictures in their order; those before `since` may be left out.

    rate: of pictures one by one, which have none of their own. A FileFault says what is wrong with a clip.
    """
    return _source(clip, rate).moments(since)


def lasting(clip: Clip, rate: float | None = None) -> float:
    """Seconds, as the file says itself where it does."""
    return _source(clip, rate).seconds()


def _source(clip: Clip, rate: float | None) -> _Source:
    if not isinstance(clip, Content) and (clip.is_dir() or (is_numbered(clip) and not clip.exists())):
        files = folder_of(clip) if clip.is_dir() else numbered_files(clip)
        return _gone_through(lambda: picture_moments(files, rate))
    name, file = opened(clip)
    if is_animation(file):
        return _gone_through(lambda: animation_moments(name, file))
    return _Source(lambda since: video_moments(name, file, since), lambda: video_seconds(name, file))


def _gone_through(read: Callable[[], Iterator[Moment]]) -> _Source:
    """What has no index: it is read from its start."""
    return _Source(lambda since: read(), lambda: max(moment.until for moment in read()))
