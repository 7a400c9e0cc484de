"""MP4 and WebM: H.264 and VP9, the facts in the container's comment."""

from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, Interpolation
from torch import Tensor

from diffsmith.errors import FileFault
from diffsmith.files import replacing, require_file

from .facts import packed, unpacked
from .screens import shown

__all__ = ["container_facts", "write_container"]

_GRAIN = 2
"""4:2:0 keeps one colour for two pixels by two."""

_MODERN = int(ColorPrimaries.BT709)
"""The primaries, curve and matrix of BT.709, which all three go by the same number in H.273."""


class _Format(NamedTuple):
    muxer: str
    codec: str
    options: dict[str, str]
    container: dict[str, str]


_H264 = {"crf": "15", "preset": "medium", "chroma_sample_location": "center"}
_VP9 = {"crf": "15", "b": "0", "cpu-used": "4", "row-mt": "1"}
"""A quantiser at which the eye sees no loss. A colour stands in the middle of its four pixels, as in VP9."""

_FORMATS = {
    ".mp4": _Format("mp4", "libx264", _H264, {"movflags": "+faststart"}),
    ".webm": _Format("webm", "libvpx-vp9", _VP9, {"fflags": "+bitexact"}),  # no number drawn at random
}


def write_container(data: Tensor, path: Path, facts: dict[str, str], rate: float) -> None:
    """uint8 [F, H, W, 1 or 3] as a file of the path's ending, `rate` frames a second."""
    form = _FORMATS[path.suffix.lower()]
    pixels = shown(data, _GRAIN).expand(-1, -1, -1, 3)
    with (
        replacing(path.absolute()) as beside,  # a relative "a:b.mp4" would be a protocol's
        av.open(str(beside), "w", format=form.muxer, options=form.container) as container,
    ):
        container.metadata["comment"] = packed(facts)
        stream = _stream(container, form, (pixels.shape[1], pixels.shape[2]), rate)
        for number, frame in enumerate(pixels):
            container.mux(stream.encode(_frame(frame, number)))
        container.mux(stream.encode())


def container_facts(path: Path) -> dict[str, str]:
    """What was written into the comment; none where there is none of ours."""
    file, options = str(require_file(path, "clip").absolute()), {"format_whitelist": "mov,matroska"}
    try:
        with av.open(file, options=options, metadata_errors="replace") as container:
            told = {name.lower(): value for name, value in container.metadata.items()}
    except (av.FFmpegError, OSError, ValueError) as error:
        raise FileFault(path, f"is no clip that can be read: {error}") from None
    return unpacked(told.get("comment", ""))


def _stream(container: Any, form: _Format, size: tuple[int, int], rate: float) -> Any:
    stream = container.add_stream(
        form.codec, rate=Fraction(rate).limit_denominator(1001), options=form.options
    )
    stream.height, stream.width = size
    stream.pix_fmt = "yuv420p"
    coder = stream.codec_context
    coder.color_primaries = coder.color_trc = coder.colorspace = _MODERN
    coder.color_range = ColorRange.MPEG
    return stream


def _frame(pixels: Tensor, number: int) -> av.VideoFrame:
    """One picture [H, W, 3] in the colours of BT.709, in the narrow range that players expect."""
    frame = av.VideoFrame.from_ndarray(pixels.contiguous().numpy(), format="rgb24").reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
        interpolation=Interpolation.BICUBIC,
    )
    frame.pts = number
    return frame
