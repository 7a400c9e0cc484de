"""All clips of one call on one sheet, captioned: still, or moving."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from diffsmith.pictures.files import write_picture
from diffsmith.pictures.sheet import contact_sheet
from diffsmith.samples import Sample

from .files import RATE, write_clip
from .files.stills import is_numbered, strip

__all__ = ["moving_sheet", "still_sheet", "write_sheet"]

_MOST = 8
"""Frames of a clip on a still sheet."""


def write_sheet(samples: Sequence[Sample], path: Path) -> None:
    """As PNG the frames of each clip in a row; in a format that moves, the clips side by side."""
    if path.suffix.lower() == ".png" and not is_numbered(path):
        write_picture(still_sheet(samples), path, {})
    else:
        write_clip(moving_sheet(samples), path, {}, samples[0].rate or RATE)


def still_sheet(samples: Sequence[Sample]) -> Image.Image:
    """One row a sample: its frames, up to eight of them spread evenly."""
    return contact_sheet(samples, show=_row, columns=1)


def moving_sheet(samples: Sequence[Sample]) -> Tensor:
    """uint8 [F, H, W, 3]: a contact sheet for each moment; clips that are over stand still."""
    moments = range(max(len(sample.data) for sample in samples))
    sheets = [contact_sheet([_at(sample, moment) for sample in samples]) for moment in moments]
    return torch.stack([torch.tensor(np.asarray(sheet)) for sheet in sheets])


def _row(data: Tensor) -> Image.Image:
    places = torch.linspace(0, len(data) - 1, min(len(data), _MOST)).round().long()
    return strip(data[places])


def _at(sample: Sample, moment: int) -> Sample:
    return replace(sample, data=sample.data[min(moment, len(sample.data) - 1)])
