"""Pictures as a modality: network space is [B, C, H, W] in [-1, 1], samples are uint8 [H, W, C]."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from diffsmith.data import Data
    from diffsmith.samples import Sample

__all__ = ["Image"]


class Image:
    """Grey or colour pictures."""

    name = "image"
    summary = "Grey or colour pictures, 8 bits a channel, as PNG, JPEG or WebP"
    suffixes = (".png", ".jpg", ".webp")
    metrics = ("frechet", "sliced_wasserstein", "kid", "density", "coverage")
    cost = "latency"

    def decode(self, x: "Tensor") -> "Tensor":
        """[B, C, H, W] about [-1, 1] -> uint8 [B, H, W, C]."""
        import torch

        levels = (x.float().nan_to_num().clamp(-1, 1) + 1) * 127.5
        return levels.round().to(torch.uint8).movedim(1, -1).contiguous()

    def encode(self, data: "Tensor") -> "Tensor":
        """uint8 [B, H, W, C] -> [B, C, H, W] in [-1, 1]."""
        return (data.float() / 127.5 - 1).movedim(-1, 1).contiguous()

    def read(self, path: Path, channels: int, size: tuple[int, int] | None, grain: int) -> "Tensor":
        """A picture a person has: [channels, H, W] in [-1, 1], of that size or cut to multiples of grain."""
        from diffsmith.pictures.reading import picture_of_size

        return picture_of_size(path, channels, size, grain)

    def write(self, data: "Tensor", path: Path, facts: dict[str, str], rate: float | None = None) -> None:
        """One picture as a file, with the facts inside it."""
        from diffsmith.pictures.files import picture, write_picture

        write_picture(picture(data), path, facts)

    def facts(self, path: Path) -> dict[str, str]:
        """What a picture of ours holds inside."""
        from diffsmith.pictures.files import read_facts

        return read_facts(path)

    def sheet(self, samples: "Sequence[Sample]", path: Path) -> None:
        """All the pictures on one sheet, each with its label and seed."""
        from diffsmith.pictures.files import write_picture
        from diffsmith.pictures.sheet import contact_sheet

        write_picture(contact_sheet(samples), path, {})

    def embedder(self, data: "Data") -> "Callable[[Tensor], Tensor]":
        """x [N, C, H, W] -> features [N, 32] of a classifier of the data, trained once and cached."""
        from .features import embedder

        return embedder(data)
