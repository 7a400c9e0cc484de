"""Videos, decoded by FFmpeg's libraries through PyAV, frame by frame; those that are wanted in colour."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import av
from av.video.reformatter import Interpolation
from PIL import Image

from diffsmith.errors import FileFault
from diffsmith.pictures.reading import opaque

from .moments import Moment
from .streams import announced, leap, picture_stream, stepping

__all__ = ["video_moments", "video_seconds"]

_FORMATS = (
    "mov,matroska,avi,mpeg,mpegts,mpegvideo,m4v,h264,hevc,flv,asf,ogg,ivf,nut,mxf,dv,rm,y4m,yuv4mpegpipe,"
    "mp3,wav,flac,aac"
)
"""What may be opened: nothing that names other files, as playlists do. Sound, to say that it is sound."""

_EVENLY = Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND
"""Colours, of which there is one for two pixels by two, as smooth as the light; the usual way is blocky."""

_LARGE = 2**20
"""Pixels: larger frames are made smaller in the end, and the usual way is twenty times as fast."""

_CUT_SHORT = 0.95
"""Of what it announces, a whole clip holds at least so much; rounded times and sound may take a little."""


def video_moments(name: Path, file: str | BytesIO, since: float = 0.0) -> Iterator[Moment]:
    """Its frames from the last one before `since` that can be decoded by itself, or from the first."""
    with _container(name, file) as container:
        stream = picture_stream(container, name)
        leap(container, stream, since)
        last = 0.0
        for frame, time, seconds in stepping(container, stream):
            last = time + seconds
            yield Moment(time, last, partial(_picture, frame, stream.sample_aspect_ratio))
        whole = announced(container, stream)
    _require_whole(name, last, whole)


def video_seconds(name: Path, file: str | BytesIO) -> float:
    """How long it says it is; where it does not say, its frames are gone through."""
    with _container(name, file) as container:
        said = announced(container, picture_stream(container, name))
    return said or max(moment.until for moment in video_moments(name, file))


@contextmanager
def _container(name: Path, file: str | BytesIO) -> Iterator[Any]:
    if isinstance(file, BytesIO):
        file.seek(0)
    try:
        options = {"format_whitelist": _FORMATS}
        with av.open(file, "r", options=options, metadata_errors="replace") as container:
            yield container
    except (av.FFmpegError, ValueError) as error:
        wanted = "expected a video, an animated picture or a folder of pictures"
        raise FileFault(name, f"is no clip that can be read ({_what(error)}); {wanted}") from None


def _what(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _require_whole(name: Path, seconds: float, announced: float) -> None:
    if seconds == 0:
        raise FileFault(name, "holds no picture that can be decoded")
    if seconds < announced * _CUT_SHORT:
        raise FileFault(name, f"is cut short: it ends after {seconds:.3g} of {announced:.3g} seconds")


def _picture(frame: Any, aspect: Any) -> Image.Image:
    """In colour, its pixels square, on white, as it is held."""
    transparent = any(part.is_alpha for part in frame.format.components)
    form = "rgba" if transparent else "rgb24"
    way = _EVENLY if frame.width * frame.height <= _LARGE else None
    image = opaque(
        Image.fromarray(frame.to_ndarray(format=form, src_color_range=frame.color_range, interpolation=way))
    )
    if aspect and aspect != 1:
        image = image.resize((max(1, round(image.width * aspect)), image.height), Image.Resampling.LANCZOS)
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image
