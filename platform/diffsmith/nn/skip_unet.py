"""NCSN++ with a picture carried beside the features, as diffusers names its layers (Song et al. 2020)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from .classes import ClassTable
from .embeddings import TimestepEmbedding
from .fir import FIRDouble, FIRHalve
from .fourier import FourierWaves
from .resnet import ResnetBlock
from .skip_blocks import ROOT_2, ScaledMidBlock, SkipDownBlock, SkipUpBlock
from .zero import zero

__all__ = ["SkipPlan", "SkipUNet2D"]

Layer = Callable[[int], nn.Module]  # builds a layer for a number of channels


@dataclass(frozen=True)
class SkipPlan:
    """What one is made of: its levels' channels, finest first, and how to build each kind of layer."""

    widths: Sequence[int]
    layers: int
    resnet: Callable[..., ResnetBlock]  # for channels in and out, and perhaps `resample`
    middle_resnet: Callable[[int, int], nn.Module]
    norm: Layer
    joint_norm: Callable[[int, int], nn.Module]  # of features and a skip, where a level attends
    attention: Layer
    middle: Layer
    last_norm: Layer
    attends_down: Sequence[bool]  # one for each level, finest first
    attends_up: Sequence[bool]
    middle_scale: float = ROOT_2


class SkipUNet2D(nn.Module):
    """A plan carried out: told sigma itself, it learns the score, -noise / sigma (Song et al. 2020)."""

    def __init__(self, channels: int, plan: SkipPlan, classes: int | None = None) -> None:
        super().__init__()
        width, levels = plan.widths[0], range(len(plan.widths))
        skips = [width]  # channels of the skips, pushed and popped as `forward` does with the maps
        self.time_proj = FourierWaves(width)
        self.time_embedding = TimestepEmbedding(2 * width, 4 * width)
        self.class_embedding = ClassTable(classes, 4 * width) if classes else None
        self.conv_in = nn.Conv2d(channels, width, 3, padding=1)
        self.down_blocks = nn.ModuleList([_down_block(plan, level, channels, skips) for level in levels])
        self.mid_block = _mid_block(plan)
        self.up_blocks = nn.ModuleList(
            [_up_block(plan, level, channels, skips) for level in reversed(levels)]
        )
        self.conv_norm_out = plan.last_norm(width)
        self.conv_out = zero(nn.Conv2d(width, channels, 3, padding=1))

    def forward(self, x: Tensor, t: Tensor, label: Tensor | None = None) -> Tensor:
        """x [B, C, H, W], t = sigma [B] or 0-dim, above zero, label [B] to [B, C, H, W]."""
        sigma = t.expand(len(x)).float()
        emb = self.embed(x, sigma, label)
        skips, picture = [self.conv_in(x)], x
        for down in self.down_blocks:
            maps, picture = down(skips[-1], emb, picture)
            skips += maps
        h, drawn = self.mid_block(skips[-1], emb), None
        for up in self.up_blocks:
            h, drawn = up(h, skips, emb, drawn)
        out = self.conv_out(F.silu(self.conv_norm_out(h)))
        out = out if drawn is None else out + drawn
        answer: Tensor = out / sigma.to(out)[:, None, None, None]
        return answer

    def embed(self, x: Tensor, sigma: Tensor, label: Tensor | None) -> Tensor:
        """Noise, and class where the network knows classes, as one vector [B, 4 * width]."""
        emb: Tensor = self.time_embedding(self.time_proj(sigma.log()).to(x))
        if self.class_embedding is not None and label is not None:
            emb = emb + self.class_embedding(label)
        return emb


def _down_block(plan: SkipPlan, level: int, channels: int, skips: list[int]) -> SkipDownBlock:
    width, ends = plan.widths[level], level + 1 == len(plan.widths)
    sizes = [skips[-1]] + [width] * (plan.layers - 1)
    skips += [width] * (plan.layers if ends else plan.layers + 1)
    resnets = [plan.resnet(size, width) for size in sizes]
    attentions = [plan.attention(width) for _ in resnets] if plan.attends_down[level] else []
    if ends:
        return SkipDownBlock(resnets, attentions)
    return SkipDownBlock(
        resnets, attentions, _resampling(plan, width, FIRHalve()), nn.Conv2d(channels, width, 1)
    )


def _mid_block(plan: SkipPlan) -> ScaledMidBlock:
    width = plan.widths[-1]
    resnets = [plan.middle_resnet(width, width), plan.middle_resnet(width, width)]
    return ScaledMidBlock(resnets, plan.middle(width), plan.middle_scale)


def _up_block(plan: SkipPlan, level: int, channels: int, skips: list[int]) -> SkipUpBlock:
    width, below = plan.widths[level], plan.widths[level + 1 :] or plan.widths[level:]
    sizes = [below[0]] + [width] * plan.layers
    attends = plan.attends_up[level]
    resnets = [_joining(plan, size, skips.pop(), width, attends) for size in sizes]
    attentions = [plan.attention(width)] if attends else []
    if not level:
        return SkipUpBlock(resnets, attentions)
    return SkipUpBlock(
        resnets,
        attentions,
        _resampling(plan, width, FIRDouble()),
        plan.norm(width),
        nn.Conv2d(width, channels, 3, padding=1),
    )


def _joining(plan: SkipPlan, size: int, skip: int, width: int, attends: bool) -> ResnetBlock:
    """A residual block over features and a skip."""
    block = plan.resnet(size + skip, width)
    if attends:
        block.norm1 = plan.joint_norm(size, skip)
    return block


def _resampling(plan: SkipPlan, channels: int, resample: nn.Module) -> ResnetBlock:
    """A residual block that halves or doubles, and passes its input through a convolution, too."""
    block = plan.resnet(channels, channels, resample=resample)
    block.conv_shortcut = nn.Conv2d(channels, channels, 1)
    return block
