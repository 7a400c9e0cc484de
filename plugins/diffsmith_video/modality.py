"""Clips as a modality: network space is [B, C, F, H, W] in [-1, 1], samples are uint8 [F, H, W, C]."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from diffsmith.data import Data
    from diffsmith.pictures.reading import Fit
    from diffsmith.samples import Sample

__all__ = ["Video"]


class Video:
    """Clips of grey or colour pictures."""

    name = "video"
    summary = "Clips of grey or colour pictures, 8 bits a channel, as MP4, WebM, GIF or PNG"
    suffixes = (".mp4", ".webm", ".gif", ".png")
    metrics = ("frechet_video", "frame_consistency", "flicker", "motion")
    cost = "frame_latency"

    def decode(self, x: "Tensor") -> "Tensor":
        """[B, C, F, H, W] about [-1, 1] -> uint8 [B, F, H, W, C]."""
        import torch

        levels = (x.float().nan_to_num().clamp(-1, 1) + 1) * 127.5
        return levels.round().to(torch.uint8).movedim(1, -1).contiguous()

    def encode(self, data: "Tensor") -> "Tensor":
        """uint8 [B, F, H, W, C] -> [B, C, F, H, W] in [-1, 1]."""
        return (data.float() / 127.5 - 1).movedim(-1, 1).contiguous()

    def read(self, path: Path, channels: int, size: tuple[int, int] | None, grain: int) -> "Tensor":
        """A picture a person has: [channels, H, W] in [-1, 1], of that size or cut to multiples of grain."""
        from diffsmith.pictures.reading import picture_of_size

        return picture_of_size(path, channels, size, grain)

    def read_clip(  # noqa: PLR0913 — where it is, and what is wanted of it
        self,
        path: Path,
        channels: int,
        *,
        size: tuple[int, int] | None = None,
        frames: int | None = None,
        rate: float | None = None,
        start: int = 0,
        fit: "Fit" = "crop",
        grain: int = 1,
    ) -> "Tensor":
        """A clip a person has: [channels, F, H, W] in [-1, 1]; see reading.py."""
        from .reading import read_clip

        return read_clip(
            path, channels, size=size, frames=frames, rate=rate, start=start, fit=fit, grain=grain
        )

    def write(self, data: "Tensor", path: Path, facts: dict[str, str], rate: float | None = None) -> None:
        """One clip as a file, with the facts inside it; rate: frames a second."""
        from .files import RATE, write_clip

        write_clip(data, path, facts, rate or RATE)

    def facts(self, path: Path) -> dict[str, str]:
        """What a clip of ours holds inside."""
        from .files import read_facts

        return read_facts(path)

    def sheet(self, samples: "Sequence[Sample]", path: Path) -> None:
        """All the clips on one sheet, each with its label and seed: still as PNG, else moving."""
        from .sheets import write_sheet

        write_sheet(samples, path)

    def embedder(self, data: "Data") -> "Callable[[Tensor], Tensor]":
        """x [N, C, F, H, W] -> features [N, D] of a network that knows the data, trained once and cached."""
        from .features import embedder

        return embedder(data)
