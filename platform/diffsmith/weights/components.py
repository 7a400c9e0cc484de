"""One part of a published pipeline, wherever it lies."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

__all__ = ["Component", "Components"]


class Component(NamedTuple):
    """A network's configuration and tensors, or a tokenizer's files.

    where: what error messages name. tensors: by their published names, each read when it is asked for and
    mapped from its file, not copied; the file must not change. folder: where config.json, or a tokenizer's
    files, lie; None for a part of a single file.
    """

    where: Path
    config: Mapping[str, Any]
    tensors: Mapping[str, Tensor]
    folder: Path | None = None


Components = Callable[[str], Component | None]
"""A part's name, such as "unet" or "text_encoder" -> the part, or None where there is none."""
