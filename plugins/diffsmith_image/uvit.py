"""The U-ViT."""

from collections import OrderedDict
from collections.abc import Sequence
from math import prod
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from diffsmith.nn.attention import FusedAttention
from diffsmith.nn.embeddings import class_vectors, sinusoid
from diffsmith.nn.patches import PatchEmbed, patch_grid, unpatchify

__all__ = ["UViT", "UViTBlock", "uvit"]


def uvit(
    shape: tuple[int, int, int],
    classes: int | None,
    *,
    patch: Annotated[int, Field(ge=1)] = 2,
    width: Annotated[int, Field(ge=16, multiple_of=16)] = 64,
    depth: Annotated[int, Field(ge=1, description="odd: as many blocks before the middle one as after")] = 3,
    heads: Literal[1, 2, 4, 8, 16] = 4,
) -> nn.Module:
    """Transformer whose tokens include time and class, with long skips (Bao et al. 2023)."""
    if depth % 2 == 0:
        raise ValueError(
            f"depth {depth} is even: a U-ViT needs an odd one, such as {depth - 1} or {depth + 1}"
        )
    return UViT(
        shape,
        patch,
        [UViTBlock(width, heads, skip=place > depth // 2) for place in range(depth)],
        rows=None if classes is None else classes + 1,
        final_layer=nn.Conv2d(shape[0], shape[0], 3, padding=1),
    )


class UViTBlock(nn.Module):
    """A transformer block that may first merge an earlier block's tokens (Bao et al. 2023, figure 1)."""

    def __init__(self, width: int, heads: int, *, skip: bool = False, bias: bool = False) -> None:
        super().__init__()
        self.width = width
        self.skip_linear = nn.Linear(2 * width, width) if skip else None
        self.norm1 = nn.LayerNorm(width)
        self.attn = FusedAttention(width, heads, bias=bias)
        self.norm2 = nn.LayerNorm(width)
        layers = {"fc1": nn.Linear(width, 4 * width), "act": nn.GELU(), "fc2": nn.Linear(4 * width, width)}
        self.mlp = nn.Sequential(OrderedDict(layers))

    def forward(self, x: Tensor, *earlier: Tensor) -> Tensor:
        """x and, with `skip`, an earlier output [B, N, width] to the same."""
        if self.skip_linear is not None:
            x = self.skip_linear(torch.cat([x, *earlier], dim=2))
        x = x + self.attn(self.norm1(x))
        out: Tensor = x + self.mlp(self.norm2(x))
        return out


class UViT(nn.Module):
    """Class, time and patches as tokens through an odd number of blocks (Bao et al. 2023, figure 1).

    The last of the class table's `rows` is "no class"; None is a network without classes.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        patch: int,
        blocks: Sequence[UViTBlock],
        *,
        rows: int | None = None,
        time_embed: nn.Module | None = None,
        final_layer: nn.Module | None = None,
    ) -> None:
        super().__init__()
        channels, height, columns = shape
        width, half = blocks[0].width, len(blocks) // 2
        self.patch, self.grid = patch, patch_grid(height, columns, patch)
        self.time_embed = time_embed or nn.Identity()
        self.label_emb = nn.Embedding(rows, width) if rows else None
        self.patch_embed = PatchEmbed(channels, width, patch)
        tokens = prod(self.grid) + (2 if rows else 1)
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, width))
        self.in_blocks = nn.ModuleList(blocks[:half])
        self.mid_block = blocks[half]
        self.out_blocks = nn.ModuleList(blocks[half + 1 :])
        self.norm = nn.LayerNorm(width)
        self.decoder_pred = nn.Linear(width, patch**2 * channels)
        self.final_layer = final_layer or nn.Identity()
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        self.apply(_begin)

    def forward(self, x: Tensor, t: Tensor, label: Tensor | None = None) -> Tensor:
        """x [B, C, H, W], t [B] or 0-dim, label [B] to [B, C, H, W]."""
        patches = self.patch_embed(x)  # [B, N, width]
        tokens = torch.cat([*self._labels(x, label), self._time(x, t), patches], dim=1) + self.pos_embed
        skips = []
        for block in self.in_blocks:
            tokens = block(tokens)
            skips.append(tokens)
        tokens = self.mid_block(tokens)
        for block in self.out_blocks:
            tokens = block(tokens, skips.pop())
        out = self.decoder_pred(self.norm(tokens))[:, -patches.shape[1] :]
        picture: Tensor = self.final_layer(unpatchify(out, self.grid, self.patch))
        return picture

    def _time(self, x: Tensor, t: Tensor) -> Tensor:  # [B, 1, width]
        waves = sinusoid(t.expand(len(x)), self.pos_embed.shape[2]).to(x)
        token: Tensor = self.time_embed(waves)[:, None]
        return token

    def _labels(self, x: Tensor, label: Tensor | None) -> list[Tensor]:  # one of [B, 1, width], or none
        return [] if self.label_emb is None else [class_vectors(self.label_emb, label, len(x))[:, None]]


def _begin(layer: nn.Module) -> None:
    """Small normal weights without bias, as vision transformers begin (Dosovitskiy et al. 2021)."""
    if isinstance(layer, nn.Linear):
        nn.init.trunc_normal_(layer.weight, std=0.02)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
