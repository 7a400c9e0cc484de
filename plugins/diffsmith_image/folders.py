"""A folder of pictures: which there are, what class each is of, and what stands in it."""

from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from diffsmith.errors import FileFault

from .pictures import BROKEN

__all__ = ["classes_of", "pixels_of"]


def classes_of(root: Path) -> tuple[list[Path], list[int], tuple[str, ...]]:
    """(files, their labels, the classes' names), all in the order of the names; no classes, no names."""
    if not root.is_dir():
        raise FileFault(root, "is no folder of pictures" if root.exists() else "there is no such folder")
    files = sorted(file for file in root.rglob("*") if _is_picture(file.relative_to(root), file))
    if not files:
        raise FileFault(root, "holds no pictures")
    inside = [file.relative_to(root).parts[:-1] for file in files]
    if not any(inside):
        return files, [0] * len(files), ()
    if not all(inside):
        raise FileFault(files[inside.index(())], "lies beside class folders: move it into one of them")
    names = tuple(sorted({parts[0] for parts in inside}))
    return files, [names.index(parts[0]) for parts in inside], names


def pixels_of(file: Path, size: int, channels: int) -> Tensor:
    """The picture, upright, its middle square scaled to [channels, size, size] in [-1, 1]."""
    try:
        with Image.open(file, formats=_kinds()) as image:
            square = ImageOps.fit(_opaque(ImageOps.exif_transpose(image)), (size, size))
    except BROKEN as error:
        raise FileFault(file, f"is no picture that can be read: {error}") from None
    pixels = torch.tensor(np.asarray(square.convert("L" if channels == 1 else "RGB")))
    return pixels.view(size, size, channels).movedim(-1, 0) / 127.5 - 1


def _opaque(image: Image.Image) -> Image.Image:
    """In 8-bit colour, on white where it is transparent."""
    if image.mode.startswith("I;16"):  # Pillow would clip, not scale
        return Image.fromarray((np.asarray(image) // 257).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")


def _is_picture(inside: Path, file: Path) -> bool:
    hidden = any(part.startswith(".") for part in inside.parts)
    return not hidden and file.suffix.lower() in _endings() and file.is_file()


@cache
def _endings() -> frozenset[str]:
    return frozenset(ending for ending, kind in Image.registered_extensions().items() if kind in _kinds())


@cache
def _kinds() -> tuple[str, ...]:
    """What Pillow can read and calls an image: not PostScript, which is a program."""
    Image.init()
    return tuple(kind for kind in Image.OPEN if Image.MIME.get(kind, "").startswith("image/"))
