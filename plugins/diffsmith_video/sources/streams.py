"""The stream of pictures in a container: which it is, how long, and its frames with their times."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition

from diffsmith.errors import FileFault

__all__ = ["announced", "leap", "picture_stream", "stepping"]

_USUAL = 25
"""Frames a second, where a stream gives neither times nor a rate."""

_WITHOUT_INDEX = {"mpeg", "mpegts", "mpegvideo", "m4v", "h264", "hevc"}
"""Streams as they are sent: FFmpeg guesses how long they last, and where in them a time is."""

_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""Decoders that see what is transparent, which FFmpeg's own do not."""


def picture_stream(container: Any, name: Path) -> Any:
    """The first that moves: covers of albums do not."""
    covers = Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & covers]
    if not streams:
        what = "sound and no pictures" if container.streams.audio else "no pictures"
        raise FileFault(name, f"holds {what}, expected a clip")
    return streams[0]


def leap(container: Any, stream: Any, since: float) -> None:
    """Go on from the last frame before `since` seconds that can be decoded by itself, where that is known."""
    if since > 0 and stream.start_time is not None and container.format.name not in _WITHOUT_INDEX:
        container.seek(int(since / stream.time_base) + stream.start_time, stream=stream)


def announced(container: Any, stream: Any) -> float:
    """Seconds of the pictures as the file says; 0 where it says nothing, or cannot know."""
    if container.format.name in _WITHOUT_INDEX:
        return 0.0
    if container.format.name == "avi" and stream.average_rate:  # its duration FFmpeg finds by the file's size
        return float(stream.frames / stream.average_rate)
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    written = {name.lower(): value for name, value in stream.metadata.items()}.get("duration")
    if written is not None:
        return _clock(written)
    alone = len(container.streams) == 1 and container.duration is not None
    return container.duration / av.time_base if alone else 0.0


def stepping(container: Any, stream: Any) -> Iterator[tuple[Any, float, float]]:
    """(frame, its time from the clip's start, how long it is shown), in the order in which they are shown."""
    apart = 1 / float(stream.average_rate or stream.guessed_rate or _USUAL)
    begin = None if stream.start_time is None else float(stream.start_time * stream.time_base)
    time = 0.0
    for frame in _decoded(container, stream):
        if frame.time is not None:
            begin = frame.time if begin is None else begin
            time = frame.time - begin
        seconds = float(frame.duration * frame.time_base) if frame.duration else apart
        yield frame, time, seconds
        time += seconds


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    decode = _decoder(stream)
    for packet in container.demux(stream):
        yield from decode(packet)


def _decoder(stream: Any) -> Callable[[Any], list[Any]]:
    """packet -> frames."""
    told = {name.lower(): value for name, value in stream.metadata.items()}
    if told.get("alpha_mode") != "1" or stream.codec_context.name not in _WITH_ALPHA:
        plain: Callable[[Any], list[Any]] = stream.decode
        return plain
    coder: Any = av.CodecContext.create(_WITH_ALPHA[stream.codec_context.name], "r")
    return lambda packet: coder.decode(packet if packet.size else None)


def _clock(written: str) -> float:
    """00:01:02.5 -> 62.5; 0 for what is no time."""
    try:
        hours, minutes, seconds = map(float, written.split(":"))
    except ValueError:
        return 0.0
    return (hours * 60 + minutes) * 60 + seconds
