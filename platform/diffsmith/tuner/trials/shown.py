"""The first pictures of clips as files, as a person would show them to a model."""

import hashlib
from pathlib import Path

from torch import Tensor

from ...caches import cache_folder
from ...pictures.files import picture, write_picture

__all__ = ["first_picture"]


def first_picture(clip: Tensor) -> Path:
    """The first frame of a clip [C, F, H, W] in [-1, 1], as a file in the user's cache."""
    levels = ((clip[:, 0].clamp(-1, 1) + 1) * 127.5).round().byte().movedim(0, -1).contiguous()
    path = cache_folder("pictures") / f"{hashlib.sha256(levels.numpy().data).hexdigest()[:32]}.png"
    if not path.exists():
        write_picture(picture(levels), path, {})
    return path
