"""The convolutional encoder and decoder that most autoencoders share (Rombach et al. 2022, appendix G)."""

from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple, cast

from torch import Tensor, nn

from ..attention import PixelAttention
from ..norms import group_norm
from .blocks import Downsample, Residual, Stage, Upsample, silu

__all__ = ["Decoder", "Encoder", "Plan"]


class Plan(NamedTuple):
    """Channels of each level, finest first; residual blocks a level; which levels, and the middle, attend."""

    widths: Sequence[int]
    layers: int
    groups: int = 32
    attends: frozenset[int] = frozenset()
    middle_attends: bool = True

    def norm(self, channels: int) -> nn.GroupNorm:
        """Every normalisation in it."""
        return group_norm(channels, self.groups, eps=1e-6)

    def stage(self, level: int, previous: int, layers: int, **resamplers: nn.Module) -> Stage:
        """One level, from so many channels before it."""
        width = self.widths[level]
        inputs = [previous, *[width] * (layers - 1)]
        attentions = layers if level in self.attends else 0
        return Stage(
            [Residual(c, width, self.norm) for c in inputs], self._attend(attentions, width), **resamplers
        )

    def middle(self) -> Stage:
        """Between encoder and decoder's coarsest levels: block, attention, block."""
        width = self.widths[-1]
        blocks = [Residual(width, width, self.norm) for _ in range(2)]
        return Stage(blocks, self._attend(int(self.middle_attends), width))

    def _attend(self, times: int, width: int) -> list[PixelAttention]:
        attention = partial(PixelAttention, width, heads=1, norm=self.norm)
        return [attention() for _ in range(times)]


class Encoder(nn.Module):
    """Pictures to feature maps 2^(levels - 1) times smaller."""

    def __init__(self, in_channels: int, out_channels: int, plan: Plan) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(in_channels, plan.widths[0], 3, padding=1)
        self.down_blocks = nn.ModuleList(_down(plan))
        self.mid_block = plan.middle()
        self.conv_norm_out = plan.norm(plan.widths[-1])
        self.conv_out = nn.Conv2d(plan.widths[-1], out_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, in_channels, H, W] to [B, out_channels, h, w]."""
        return _through(self, x, [*self.down_blocks, self.mid_block])


class Decoder(nn.Module):
    """Feature maps to pictures 2^(levels - 1) times larger, by one residual block more a level."""

    def __init__(self, in_channels: int, out_channels: int, plan: Plan) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(in_channels, plan.widths[-1], 3, padding=1)
        self.mid_block = plan.middle()
        self.up_blocks = nn.ModuleList(_up(plan))
        self.conv_norm_out = plan.norm(plan.widths[0])
        self.conv_out = nn.Conv2d(plan.widths[0], out_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, in_channels, h, w] to [B, out_channels, H, W]."""
        return _through(self, x, [self.mid_block, *self.up_blocks])


def _down(plan: Plan) -> list[Stage]:
    before = [plan.widths[0], *plan.widths]
    halving = [{"downsamplers": Downsample(width)} for width in plan.widths[:-1]]
    sizes = [*halving, {}]
    return [plan.stage(level, before[level], plan.layers, **sizes[level]) for level in range(len(sizes))]


def _up(plan: Plan) -> list[Stage]:
    before = [*plan.widths[1:], plan.widths[-1]]
    doubling = [{"upsamplers": Upsample(width)} for width in plan.widths[1:]]
    sizes = [{}, *doubling]
    levels = reversed(range(len(sizes)))
    return [plan.stage(level, before[level], plan.layers + 1, **sizes[level]) for level in levels]


def _through(coder: "Encoder | Decoder", x: Tensor, stages: list[nn.Module]) -> Tensor:
    """First convolution, the stages' layers one by one, last norm and convolution."""
    x = coder.conv_in(x)
    for layer in chain.from_iterable(cast("list[Stage]", stages)):
        x = layer(x)
    x = silu(coder.conv_norm_out(x))
    out: Tensor = coder.conv_out(x)
    return out
