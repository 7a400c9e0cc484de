"""The classifier of clips: it looks at each frame, then along the frames."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from diffsmith.features import Classifier, Recipe, View
from diffsmith.features.pictures import WIDE, moved, narrowing, turns

__all__ = ["CLIPS"]

_GRID = (2, 2, 2)  # moments, rows and columns that are left of a clip


def _classifier(shape: tuple[int, ...], classes: int) -> Classifier:
    """For clips of that shape [C, F, H, W]."""
    channels, _, height, columns = shape
    motion = nn.Sequential(_look_along(WIDE), _look_along(WIDE), nn.AdaptiveAvgPool3d(_GRID))
    moments, rows, across = _GRID
    return Classifier(
        _Look(narrowing((channels, height, columns)), motion), WIDE * moments * rows * across, classes
    )


class _Look(nn.Module):
    """Convolutions within frames, then along them (Tran et al. 2018)."""

    def __init__(self, frames: nn.Module, motion: nn.Module) -> None:
        super().__init__()
        self.frames, self.motion = frames, motion

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, F, H, W] to [B, 64, 2, 2, 2]."""
        maps = self.frames(x.transpose(1, 2).flatten(0, 1))  # [B * F, 64, h, w]
        out: Tensor = self.motion(maps.unflatten(0, (len(x), -1)).transpose(1, 2))
        return out


def _look_along(channels: int) -> nn.Module:
    convolution = nn.Conv3d(channels, channels, (3, 1, 1), padding=(1, 0, 0), bias=False)
    return nn.Sequential(convolution, nn.GroupNorm(8, channels), nn.SiLU())


def _poses(shape: tuple[int, ...]) -> Sequence[View]:
    """Every rotation that keeps the shape, played in every way."""
    plays = (lambda clip: clip, _backwards, *_SPOILT)
    return [_after(turn, play) for turn in turns(shape) for play in plays]


def _after(turn: View, play: View) -> View:
    return lambda clip: play(turn(clip))


def _backwards(clip: Tensor) -> Tensor:
    return clip.flip(1)


def _still(clip: Tensor) -> Tensor:
    return clip[:, :1].expand_as(clip)


def _muddled(clip: Tensor) -> Tensor:
    """The frames in another order, always the same one."""
    return clip[:, torch.randperm(clip.shape[1], generator=torch.Generator().manual_seed(0))]


_SPOILT = (_still, _muddled)


def _moved(x: Tensor) -> Tensor:
    """All frames of the clips [B, C, F, H, W] by the same way."""
    return moved(x.flatten(1, 2)).reshape(x.shape)


CLIPS = Recipe("clips 1", _classifier, _moved, _poses, _SPOILT)
