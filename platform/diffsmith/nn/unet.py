"""The U-Net: down through levels, a middle, and up again with a skip for every layer on the way down."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from .embeddings import TimestepEmbedding, class_vectors, sinusoid
from .norms import group_norm
from .resample import Downsample, Upsample
from .unet_blocks import DownBlock, MidBlock, Nothing, UpBlock
from .zero import zero

__all__ = ["Layer", "Plan", "UNet2D"]

Layer = Callable[[int], nn.Module]  # builds a layer for a number of channels


@dataclass(frozen=True)
class Plan:
    """What a U-Net is made of: its levels' channels, finest first, and how to build each kind of layer."""

    widths: Sequence[int]
    layers: int  # residual blocks in a level on the way down; one more on the way up
    resnet: Callable[[int, int], nn.Module]  # for channels in and out; called as resnet(x, emb)
    attention: Sequence[Layer]  # one for each level; called as attention(x, *context)
    middle: Layer = Nothing  # the attention between the two middle residual blocks
    down: Layer = Downsample  # called as down(x, emb), as a residual block is
    up: Layer = Upsample
    norm: Layer = group_norm  # before the last convolution
    waves: Callable[[Tensor, int], Tensor] = sinusoid


class UNet2D(nn.Module):
    """A plan carried out: predicts a map from a noisy one, its time and its class (Ho et al. 2020).

    Time becomes a vector `emb` of four times the first width. `rows` is the size of the class table,
    whose last row stands for no class; None is a network without classes.
    """

    def __init__(self, channels: int, out_channels: int, plan: Plan, rows: int | None = None) -> None:
        super().__init__()
        width, levels = plan.widths[0], range(len(plan.widths))
        skips = [width]  # channels of the skips, pushed and popped as `forward` does with the maps
        self.waves = plan.waves
        self.conv_in = nn.Conv2d(channels, width, 3, padding=1)
        self.time_embedding = TimestepEmbedding(width, 4 * width)
        self.class_embedding = nn.Embedding(rows, 4 * width) if rows else None
        self.down_blocks = nn.ModuleList([_down_block(plan, level, skips) for level in levels])
        self.mid_block = _mid_block(plan)
        self.up_blocks = nn.ModuleList([_up_block(plan, level, skips) for level in reversed(levels)])
        self.conv_norm_out = plan.norm(width)
        self.conv_out = zero(nn.Conv2d(width, out_channels, 3, padding=1))

    def forward(self, x: Tensor, t: Tensor, label: Tensor | None = None, *context: Tensor) -> Tensor:
        """x [B, C, H, W], t [B] or 0-dim, label [B], what attention reads, to [B, out_channels, H, W]."""
        emb = self.embed(x, t, label)
        skips = [self.conv_in(x)]
        for block in self.down_blocks:
            skips += block(skips[-1], emb, *context)
        h = self.mid_block(skips[-1], emb, *context)
        for block in self.up_blocks:
            h = block(h, skips, emb, *context)
        out: Tensor = self.conv_out(F.silu(self.conv_norm_out(h)))
        return out

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
    resnets = [plan.resnet(size, width) for size in sizes]
    return DownBlock(resnets, [plan.attention[level](width) for _ in resnets], halving)


def _mid_block(plan: Plan) -> MidBlock:
    width = plan.widths[-1]
    return MidBlock([plan.resnet(width, width), plan.resnet(width, width)], plan.middle(width))


def _up_block(plan: Plan, level: int, skips: list[int]) -> UpBlock:
    width, below = plan.widths[level], plan.widths[level + 1 :] or plan.widths[level:]
    sizes = [below[0]] + [width] * plan.layers
    resnets = [plan.resnet(size + skips.pop(), width) for size in sizes]
    doubling = [plan.up(width)] if level else []
    return UpBlock(resnets, [plan.attention[level](width) for _ in resnets], doubling)
