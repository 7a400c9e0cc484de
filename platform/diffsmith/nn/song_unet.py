"""DDPM++ and NCSN++ (Song et al. 2020) as NVlabs/edm builds and names them (Karras et al. 2022)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .resample import double, halve
from .song_blocks import ROOT_HALF, HalvingConv, SongBlock, song_norm
from .zero import zero

__all__ = ["SongPlan", "SongUNet"]

Resample = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class SongPlan:
    """What one is made of: channels of the first layer and of each level, finest first, and the choices."""

    width: int
    widths: Sequence[int]
    layers: int
    attends: Sequence[bool]
    waves: Callable[[Tensor], Tensor]
    """t [B] -> [B, noise_width]."""
    noise_width: int
    halve: Resample = halve
    double: Resample = double
    pyramid: Callable[[int, int], HalvingConv] | None = None
    """Brings the picture, halved again and again, to every level (NCSN++); DDPM++ has none."""
    augment: int = 0
    """How many numbers tell what a training picture went through; sampling leaves them out."""
    dropout: float = 0.0


class SongUNet(nn.Module):
    """A plan carried out for pictures of `shape`; its layers are named by the side they work at."""

    def __init__(self, shape: tuple[int, int, int], plan: SongPlan, classes: int | None = None) -> None:
        super().__init__()
        channels, side, _ = shape
        emb, noise = 4 * plan.width, plan.noise_width
        self.map_noise = plan.waves
        self.map_label = nn.Linear(classes, noise) if classes else None
        self.map_augment = nn.Linear(plan.augment, noise, bias=False) if plan.augment else None
        self.map_layer0 = nn.Linear(noise, emb)
        self.map_layer1 = nn.Linear(emb, emb)
        block = partial(SongBlock, emb=emb, dropout=plan.dropout)
        skips: list[int] = []
        self.enc = nn.ModuleDict(dict(_encoder(channels, side, plan, block, skips)))
        self.dec = nn.ModuleDict(dict(_decoder(channels, side, plan, block, skips)))

    def forward(
        self, x: Tensor, t: Tensor, label: Tensor | None = None, *, augment: Tensor | None = None
    ) -> Tensor:
        """x [B, C, H, W], t [B] or 0-dim, label [B], augment [B, n] to [B, C, H, W].

        A label beyond the classes, or none, is a class vector of zeros.
        """
        emb = self.embed(x, t, label, augment)
        skips = self._encoded(x, emb)
        *blocks, norm, conv = self.dec.values()
        h = skips[-1]
        for block in blocks:
            joins = block.in_channels != h.shape[1]
            h = block(torch.cat([h, skips.pop()], dim=1) if joins else h, emb)
        out: Tensor = conv(F.silu(norm(h)))
        return out

    def embed(self, x: Tensor, t: Tensor, label: Tensor | None, augment: Tensor | None) -> Tensor:
        """Noise, class and augmentation as one activated vector [B, 4 * width]."""
        emb: Tensor = self.map_noise(t.expand(len(x))).to(x)
        if self.map_label is not None:
            emb = emb + self.map_label(_class_vector(x, label, self.map_label.in_features))
        if self.map_augment is not None and augment is not None:
            emb = emb + self.map_augment(augment.to(x))
        return F.silu(self.map_layer1(F.silu(self.map_layer0(emb))))

    def _encoded(self, x: Tensor, emb: Tensor) -> list[Tensor]:
        """The maps after each layer on the way down."""
        first, *layers = self.enc.values()
        pyramid, skips = x, [first(x)]
        for layer in layers:
            if isinstance(layer, HalvingConv):
                skips[-1] = pyramid = (skips[-1] + layer(pyramid)) * ROOT_HALF
            else:
                skips.append(layer(skips[-1], emb))
        return skips


def _class_vector(x: Tensor, label: Tensor | None, classes: int) -> Tensor:
    """[B, classes] of mean square one; zeros where there is no class."""
    if label is None:
        return x.new_zeros(len(x), classes)
    vector: Tensor = F.one_hot(label, classes + 1)[:, :-1].to(x)
    return vector * sqrt(classes)


def _encoder(
    channels: int, side: int, plan: SongPlan, block: Callable[..., SongBlock], skips: list[int]
) -> Iterator[tuple[str, nn.Module]]:
    """Layers by name; `skips` gets their channels, in the order in which `_encoded` lists the maps."""
    wide, pyramid = plan.width, channels
    yield f"{side}x{side}_conv", nn.Conv2d(channels, wide, 3, padding=1)
    skips.append(wide)
    for level, width in enumerate(plan.widths):
        name = f"{side >> level}x{side >> level}"
        if level:
            yield f"{name}_down", block(wide, wide, resample=plan.halve)
            skips.append(wide)
        if level and plan.pyramid:
            yield f"{name}_aux_residual", plan.pyramid(pyramid, wide)
            pyramid = wide
        for index in range(plan.layers):
            yield f"{name}_block{index}", block(wide, width, attention=plan.attends[level])
            wide = width
            skips.append(wide)


def _decoder(
    channels: int, side: int, plan: SongPlan, block: Callable[..., SongBlock], skips: list[int]
) -> Iterator[tuple[str, nn.Module]]:
    """Layers by name, coarsest first; only the last of a level attends."""
    wide = plan.widths[-1]
    for level, width in reversed([*enumerate(plan.widths)]):
        name = f"{side >> level}x{side >> level}"
        if level == len(plan.widths) - 1:
            yield f"{name}_in0", block(wide, wide, attention=True)
            yield f"{name}_in1", block(wide, wide)
        else:
            yield f"{name}_up", block(wide, wide, resample=plan.double)
        for index in range(plan.layers + 1):
            attends = plan.attends[level] and index == plan.layers
            yield f"{name}_block{index}", block(wide + skips.pop(), width, attention=attends)
            wide = width
    yield f"{side}x{side}_aux_norm", song_norm(wide)
    yield f"{side}x{side}_aux_conv", zero(nn.Conv2d(wide, channels, 3, padding=1))
