"""Picture files: written whole with the facts inside them, and read back."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from ..errors import FileFault
from ..files import replacing, require_file

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["BROKEN", "FORMATS", "picture", "read_facts", "write_picture"]

FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".png": ("PNG", {"optimize": True}),
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".webp": ("WEBP", {"lossless": True}),
}
"""Pillow's name and settings for each file ending."""

BROKEN = (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError)
"""What Pillow raises for files that are no pictures, or not whole."""

_DESCRIPTION = 0x010E
"""EXIF's ImageDescription: where formats without text chunks keep the facts, as JSON."""


def picture(data: "Tensor") -> Image.Image:
    """uint8 [H, W, 1 or 3] as a Pillow picture."""
    pixels = data.cpu().numpy()
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def write_picture(image: Image.Image, path: Path, facts: dict[str, str]) -> None:
    """Write it whole, in the format of the path's ending, with the facts inside."""
    kind, settings = FORMATS[path.suffix.lower()]
    with replacing(path) as beside:
        image.save(beside, kind, **settings, **_carrier(kind, facts))


def read_facts(path: str | Path) -> dict[str, str]:
    """The facts that a picture was written with; none if it holds none."""
    try:
        with Image.open(require_file(Path(path), "picture")) as image:
            image.load()
            description = image.getexif().get(_DESCRIPTION, "{}")
            facts = dict(getattr(image, "text", None) or json.loads(description))
    except json.JSONDecodeError:
        return {}
    except BROKEN as error:
        raise FileFault(path, f"is no picture that can be read: {error}") from None
    return {str(name): str(value) for name, value in facts.items()}


def _carrier(kind: str, facts: dict[str, str]) -> dict[str, Any]:
    """The facts, as Pillow's argument for that format."""
    if kind != "PNG":
        exif = Image.Exif()
        exif[_DESCRIPTION] = json.dumps(facts)
        return {"exif": exif}
    chunks = PngInfo()
    for name, value in facts.items():
        chunks.add_itxt(name, value)
    return {"pnginfo": chunks}
