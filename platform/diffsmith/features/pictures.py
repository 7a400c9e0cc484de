"""The classifier of pictures."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .classifier import Classifier
from .learning import Recipe, View

__all__ = ["PICTURES", "look", "moved", "narrowing", "turns"]

WIDE, GRID = 64, 4  # channels of what is seen of a picture, and the sides of the grid it lies on


def _classifier(shape: tuple[int, ...], classes: int) -> Classifier:
    """Halve a picture [C, H, W] until it is small, look twice, lay what is there on a grid."""
    seeing = nn.Sequential(narrowing(shape), nn.AdaptiveAvgPool2d(GRID))
    return Classifier(seeing, WIDE * GRID**2, classes)


def narrowing(shape: tuple[int, ...]) -> nn.Module:
    """[B, C, H, W] to [B, 64, h, w], whatever the shape [C, H, W] of a picture: a map of about 4 by 4."""
    halvings = max(0, (min(shape[1:]) // 8).bit_length() - 1)
    inward = [shape[0], *[16] * (halvings - 1)]
    halve = [look(wide, 16, stride=2 if halvings else 1) for wide in inward]
    return nn.Sequential(*halve, look(16, 32), look(32, WIDE, stride=2))


def look(wide: int, narrow: int, stride: int = 1) -> nn.Module:
    """A convolution, normalised and activated."""
    convolution = nn.Conv2d(wide, narrow, 3, stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.GroupNorm(8, narrow), nn.SiLU())


def turns(shape: tuple[int, ...]) -> Sequence[View]:
    """Every rotation of the last two sides that keeps the shape: four, or two."""

    def turned(turn: int) -> View:
        return lambda x: x.rot90(turn, (-2, -1))

    return [turned(turn) for turn in range(0, 4, 1 if shape[-1] == shape[-2] else 2)]


def moved(x: Tensor) -> Tensor:
    """Maps [B, C, H, W], moved by up to a sixteenth of their side, at least a pixel; edges are repeated."""
    reach = max(1, x.shape[-1] // 16)
    down, right = torch.randint(2 * reach + 1, (2,)).tolist()
    padded = F.pad(x, (reach,) * 4, mode="replicate")
    return padded[..., down : down + x.shape[-2], right : right + x.shape[-1]]


PICTURES = Recipe("1", _classifier, moved, turns)
