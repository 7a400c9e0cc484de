"""Pictures to learn from."""

from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field

from diffsmith.data import Data, Split
from diffsmith.data.split import split
from diffsmith.errors import FileFault

from .folders import Pictures, classes_of

__all__ = ["digits", "folder"]

Seed = Annotated[int, Field(ge=0, lt=2**32)]


def digits(*, seed: Seed = 0) -> Data:
    """1,797 handwritten digits of 8 x 8 grey pixels, ten classes, that come with scikit-learn."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    x = torch.tensor(bunch.images, dtype=torch.float32)[:, None] / 8 - 1
    parts = split(Split(x, torch.tensor(bunch.target)), seed=seed)
    return Data("digits", "image", *parts, classes=10, class_names=tuple("0123456789"))


def folder(
    *,
    path: str,
    size: Annotated[int, Field(ge=8, le=2048)] = 32,
    channels: Literal[1, 3] = 3,
    held_out: Annotated[float, Field(gt=0, lt=1)] = 0.2,
    seed: Seed = 0,
) -> Data:
    """A folder of pictures, cut to squares of `size` pixels; subfolders, if any, are the classes.

    Where text files of the same names lie beside the pictures, they are the captions. Pictures are read when
    they are wanted: a folder may be larger than the memory.
    """
    root = Path(path).expanduser()
    files, labels, names = classes_of(root)
    whole = Split(Pictures(files, size, channels), torch.tensor(labels) if names else None)
    parts = split(whole, max(held_out, 2 / len(files)), seed)  # one to select on, one to report on
    if min(len(part) for part in parts) == 0:
        raise FileFault(
            root, f"holds {len(files)} pictures: too few to train on some and hold out {held_out}"
        )
    return Data(root.resolve().name, "image", *parts, classes=len(names) or None, class_names=names)
