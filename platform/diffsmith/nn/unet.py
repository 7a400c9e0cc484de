"""The U-Net: down through levels, a middle, and up again with a skip for every layer on the way down."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from .embeddings import TimestepEmbedding, class_vectors, sinusoid
from .norms import group_norm
from .resample import Downsample, Upsample
from .unet_blocks import DownBlock, MidBlock, Nothing, Row, UpBlock
from .zero import zero

__all__ = ["Kinds", "Layer", "Layers", "Plan", "UNet", "UNet2D"]

Kinds = nn.Module | Mapping[str, nn.Module]
"""A layer, or several that follow one another, each by its kind (see `unet_blocks.Row`)."""

Layer = Callable[[int], nn.Module]  # builds a layer for a number of channels
Layers = Callable[[int], Kinds]


@dataclass(frozen=True)
class Plan:
    """What a U-Net is made of: its levels' channels, finest first, and how to build each kind of layer."""

    widths: Sequence[int]
    layers: int  # residual blocks in a level on the way down; one more on the way up
    resnet: Callable[[int, int], Kinds]  # for channels in and out; called as resnet(x, emb)
    attention: Sequence[Layers | Sequence[Layers]]  # one a level or layer; called attention(x, *context)
    middle: Layers = Nothing  # the attention between the middle residual blocks
    down: Layer = Downsample  # called as down(x, emb), as a residual block is
    up: Layer = Upsample  # called as up(x, emb), and up(x, emb, size) where that is odd
    norm: Layer = group_norm  # before the last convolution
    waves: Callable[[Tensor, int], Tensor] = sinusoid
    ascending: Sequence[Layers | Sequence[Layers]] = ()  # attention on the way up, where it differs
    bottom: int = 2  # residual blocks in the middle; 0 is no middle


class UNet(nn.Module):
    """A plan carried out: the layers of every U-Net, and the walk through them (Ronneberger et al. 2015).

    What it is told beside x is `emb` [B, 4 * first width], which a network makes of its conditions.
    """

    def __init__(self, channels: int, out_channels: int, plan: Plan) -> None:
        super().__init__()
        width, levels = plan.widths[0], range(len(plan.widths))
        self.channels = channels
        skips = [width]  # channels of the skips, pushed and popped as `walk` does with the maps
        self.conv_in = nn.Conv2d(channels, width, 3, padding=1)
        self.down_blocks = nn.ModuleList([_down_block(plan, level, skips) for level in levels])
        self.mid_block = _mid_block(plan)
        self.up_blocks = nn.ModuleList([_up_block(plan, level, skips) for level in reversed(levels)])
        self.conv_norm_out = plan.norm(width)
        self.conv_out = zero(nn.Conv2d(width, out_channels, 3, padding=1))

    def walk(self, x: Tensor, emb: Tensor, *context: Any) -> Tensor:
        """x [B, C, H, W], emb [B, 4 * first width], what attention reads, to [B, out_channels, H, W]."""
        return self.through(self.conv_in(x), emb, *context)

    def through(self, x: Tensor, emb: Tensor, *context: Any) -> Tensor:
        """The same from behind the first convolution, x [B, first width, H, W]."""
        skips = [x]
        for block in self.down_blocks:
            skips += block(skips[-1], emb, *context)
        h = self.mid_block(skips[-1], emb, *context)
        for block in self.up_blocks:
            h = block(h, skips, emb, *context)
        out: Tensor = self.conv_out(F.silu(self.conv_norm_out(h)))
        return out


class UNet2D(UNet):
    """Predicts a map from a noisy one, its time and its class (Ho et al. 2020).

    Time becomes a vector `emb` of four times the first width. `rows` is the size of the class table,
    whose last row stands for no class; None is a network without classes.
    """

    def __init__(self, channels: int, out_channels: int, plan: Plan, rows: int | None = None) -> None:
        super().__init__(channels, out_channels, plan)
        width = plan.widths[0]
        self.waves = plan.waves
        self.time_embedding = TimestepEmbedding(width, 4 * width)
        self.class_embedding = nn.Embedding(rows, 4 * width) if rows else None

    def forward(self, x: Tensor, t: Tensor, label: Tensor | None = None, *context: Tensor) -> Tensor:
        """x [B, C, H, W], t [B] or 0-dim, label [B], what attention reads, to [B, out_channels, H, W]."""
        return self.walk(x, self.embed(x, t, label), *context)

    def embed(self, x: Tensor, t: Tensor, label: Tensor | None) -> Tensor:
        """Time, and class where the network knows classes, as one vector [B, 4 * width]."""
        emb: Tensor = self.time_embedding(self.waves(t.expand(len(x)), self.conv_in.out_channels).to(x))
        if self.class_embedding is None:
            return emb
        return emb + class_vectors(self.class_embedding, label, len(x))


def _down_block(plan: Plan, level: int, skips: list[int]) -> DownBlock:
    width = plan.widths[level]
    sizes = [skips[-1]] + [width] * (plan.layers - 1)
    halving = [plan.down(width)] if level + 1 < len(plan.widths) else []
    skips += [width] * (plan.layers + len(halving))
    return DownBlock(_rows(plan, sizes, width, plan.attention[level]), halving)


def _mid_block(plan: Plan) -> MidBlock:
    width = plan.widths[-1]
    first: list[Row] = [_kinds("resnets", plan.resnet(width, width))] if plan.bottom else []
    more: list[Row] = [
        {**_kinds("attentions", plan.middle(width)), **_kinds("resnets", plan.resnet(width, width))}
        for _ in range(plan.bottom - 1)
    ]
    return MidBlock(first + more)


def _up_block(plan: Plan, level: int, skips: list[int]) -> UpBlock:
    width, below = plan.widths[level], plan.widths[level + 1 :] or plan.widths[level:]
    sizes = [size + skips.pop() for size in [below[0]] + [width] * plan.layers]
    doubling = [plan.up(width)] if level else []
    return UpBlock(_rows(plan, sizes, width, (plan.ascending or plan.attention)[level]), doubling)


def _rows(plan: Plan, sizes: list[int], width: int, attention: Layers | Sequence[Layers]) -> list[Row]:
    """One for each size that comes in."""
    attentions = [attention] * len(sizes) if callable(attention) else attention
    return [
        {**_kinds("resnets", plan.resnet(size, width)), **_kinds("attentions", attend(width))}
        for size, attend in zip(sizes, attentions, strict=True)
    ]


def _kinds(kind: str, made: Kinds) -> Row:
    return made if isinstance(made, Mapping) else {kind: made}
