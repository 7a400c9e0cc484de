"""Small films of known pictures, in the containers that people have."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

CODECS = {
    ".mp4": "libx264",
    ".mov": "libx264",
    ".mkv": "libx264",
    ".webm": "libvpx-vp9",
    ".avi": "mpeg4",
    ".mpg": "mpeg2video",
    ".ts": "mpeg2video",
    ".flv": "flv1",
}


def counted(count: int = 8, size: tuple[int, int] = (32, 64)) -> np.ndarray:
    """Frames that hold their number in eight stripes, dark for 0 and bright for 1: [F, H, W, 3]."""
    bits = np.arange(count)[:, None] >> np.arange(8) & 1
    stripes = np.where(bits, 220, 30).astype(np.uint8).repeat(size[1] // 8, 1)
    return np.broadcast_to(stripes[:, None, :, None], (count, *size, 3)).copy()


def numbers(x: Any) -> list[int]:
    """Which frames of `counted` those of a clip [C, F, H, W] in [-1, 1] are."""
    row = x[:, :, x.shape[2] // 2].mean(0)
    stripes = row[:, row.shape[1] // 16 :: row.shape[1] // 8]
    return [sum(int(bright > 0) << place for place, bright in enumerate(frame)) for frame in stripes]


def film(
    path: Path,
    frames: np.ndarray | None = None,
    rate: float = 8,
    *,
    codec: str = "",
    pixels: str = "yuv420p",
    form: str = "rgb24",
    times: Sequence[float] | None = None,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    rotation: float = 0,
    aspect: Fraction | None = None,
    tags: dict[str, str] | None = None,
    full: bool = False,
) -> Path:
    """A video file; times: seconds at which the frames are shown, where not evenly."""
    frames = counted() if frames is None else frames
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options=container or {}) as file:
        stream = file.add_stream(
            codec or CODECS[path.suffix], rate=Fraction(rate).limit_denominator(1001), options=options or {}
        )
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pixels
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation)
        if full:
            stream.codec_context.color_range = 2
        stream.metadata.update(tags or {})
        for number, pixels_of in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels_of), format=form)
            if full:
                frame = frame.reformat(format=pixels, src_color_range=2, dst_color_range=2)
            if times is not None:
                frame.pts, frame.time_base = round(times[number] * 1000), Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def animation(path: Path, frames: np.ndarray, milliseconds: int | list[int] = 125, **settings: Any) -> Path:
    """An animated GIF, WebP or PNG."""
    first, *rest = [Image.fromarray(frame) for frame in frames]
    first.save(path, save_all=True, append_images=rest, duration=milliseconds, loop=0, **settings)
    return path


def tone(path: Path, codec: str = "aac") -> Path:
    """A file of sound alone."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.int16), format="s16", layout="mono")
        frame.sample_rate = 16000
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path
