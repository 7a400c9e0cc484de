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


def uvit(  # noqa: PLR0913 - the options a sweep may choose, and those that published weights differ in
    shape: tuple[int, int, int],
    classes: int | None,
    *,
    patch: Annotated[int, Field(ge=1)] = 2,
    width: Annotated[int, Field(ge=16, multiple_of=16)] = 64,
    depth: Annotated[int, Field(ge=1, description="odd: as many blocks before the middle one as after")] = 3,
    heads: Literal[1, 2, 4, 8, 12, 16] = 4,
    text_width: Annotated[int, Field(ge=1, description="of a text that is read as tokens")] | None = None,
    text_length: Annotated[int, Field(ge=1, description="of that text, always the same")] = 77,
    time_mlp: Annotated[bool, Field(description="a small MLP over the time's waves")] = False,
    bias: Annotated[bool, Field(description="in the queries, keys and values")] = False,
    skips: Annotated[bool, Field(description="from each block before the middle to one after it")] = True,
    conv: Annotated[bool, Field(description="smooth the picture at the end")] = True,
    first: Annotated[Literal[0, 1], Field(description="how training counted the first timestep")] = 0,
) -> nn.Module:
    """Transformer whose tokens include time, class and text, with long skips (Bao et al. 2023)."""
    if depth % 2 == 0:
        raise ValueError(
            f"depth {depth} is even: a U-ViT needs an odd one, such as {depth - 1} or {depth + 1}"
        )
    if width % heads:
        raise ValueError(f"{heads} heads do not divide a width of {width}")
    blocks = [UViTBlock(width, heads, skip=skips and at > depth // 2, bias=bias) for at in range(depth)]
    return UViT(
        shape,
        patch,
        blocks,
        rows=None if classes is None else classes + 1,
        text=None if text_width is None else (text_length, text_width),
        time_embed=_time_mlp(width) if time_mlp else None,
        final_layer=nn.Conv2d(shape[0], shape[0], 3, padding=1) if conv else None,
        first=first,
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
    """Class, time, text and patches as tokens through an odd number of blocks (Bao et al. 2023, figure 1).

    The last of the class table's `rows` is "no class"; None is a network without classes. `text` is the
    length and width of a text that it reads. Every token has a learned place, so sizes are fixed.
    """

    def __init__(  # noqa: PLR0913 - what published networks differ in
        self,
        shape: tuple[int, int, int],
        patch: int,
        blocks: Sequence[UViTBlock],
        *,
        rows: int | None = None,
        text: tuple[int, int] | None = None,
        time_embed: nn.Module | None = None,
        final_layer: nn.Module | None = None,
        first: int = 0,
    ) -> None:
        super().__init__()
        channels, height, columns = shape
        width, half = blocks[0].width, len(blocks) // 2
        self.patch, self.grid, self.first = patch, patch_grid(height, columns, patch), first
        self.time_embed = time_embed or nn.Identity()
        self.label_emb = nn.Embedding(rows, width) if rows else None
        self.context_embed = nn.Linear(text[1], width) if text else None
        self.patch_embed = PatchEmbed(channels, width, patch)
        tokens = prod(self.grid) + 1 + bool(rows) + (text[0] if text else 0)
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, width))
        self.in_blocks = nn.ModuleList(blocks[:half])
        self.mid_block = blocks[half]
        self.out_blocks = nn.ModuleList(blocks[half + 1 :])
        self.norm = nn.LayerNorm(width)
        self.decoder_pred = nn.Linear(width, patch**2 * channels)
        self.final_layer = final_layer or nn.Identity()
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        self.apply(_begin)

    def forward(
        self, x: Tensor, t: Tensor, label: Tensor | None = None, *, text: Tensor | None = None
    ) -> Tensor:
        """x [B, C, H, W], t [B] or 0-dim, label [B], text [B, L, D] to [B, C, H, W]."""
        patches = self.patch_embed(x)  # [B, N, width]
        said = [*self._labels(x, label), self._time(x, t), *self._words(text)]
        tokens = torch.cat([*said, patches], dim=1) + self.pos_embed
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
        waves = sinusoid(t.expand(len(x)) + self.first, self.pos_embed.shape[2]).to(x)
        token: Tensor = self.time_embed(waves)[:, None]
        return token

    def _labels(self, x: Tensor, label: Tensor | None) -> list[Tensor]:  # one of [B, 1, width], or none
        return [] if self.label_emb is None else [class_vectors(self.label_emb, label, len(x))[:, None]]

    def _words(self, text: Tensor | None) -> list[Tensor]:  # one of [B, L, width], or none
        if self.context_embed is None:
            return []
        if text is None:
            raise ValueError(f"this U-ViT reads a text [B, L, {self.context_embed.in_features}]: give text=")
        return [self.context_embed(text)]


def _time_mlp(width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(width, 4 * width), nn.SiLU(), nn.Linear(4 * width, width))


def _begin(layer: nn.Module) -> None:
    """Small normal weights without bias, as vision transformers begin (Dosovitskiy et al. 2021)."""
    if isinstance(layer, nn.Linear):
        nn.init.trunc_normal_(layer.weight, std=0.02)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
