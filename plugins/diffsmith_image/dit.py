"""The diffusion transformer."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal, cast

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from diffsmith.nn.adaln import AdaLNZero, AdaLNZeroBlock
from diffsmith.nn.embeddings import TimestepEmbedding, class_vectors, sinusoid
from diffsmith.nn.norms import modulate
from diffsmith.nn.patches import PatchEmbed, patch_grid, unpatchify
from diffsmith.nn.positions import SincosPositions
from diffsmith.nn.zero import zero

__all__ = ["DiT", "TimeLabelEmbedding", "dit"]

WAVES = 256  # numbers in the sinusoid of a timestep


def dit(  # noqa: PLR0913 - the options a sweep may choose, and those that published weights differ in
    shape: tuple[int, int, int],
    classes: int | None,
    *,
    patch: Annotated[int, Field(ge=1)] = 2,
    heads: Annotated[int, Field(ge=1)] = 4,
    head_dim: Annotated[int, Field(ge=4, multiple_of=4)] = 16,
    depth: Annotated[int, Field(ge=1)] = 3,
    mlp_ratio: Annotated[float, Field(gt=0)] = 4.0,
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
    embeddings: Annotated[
        Literal["shared", "per_block"],
        Field(description="of time and class: one, or one for each block"),
    ] = "shared",
    variance: Annotated[bool, Field(description="answer the variance too, in as many channels more")] = False,
    shift: Annotated[float, Field(ge=0, le=1, description="of the time's frequencies")] = 1.0,
    eps: Annotated[float, Field(gt=0, description="of the norm before the feed-forward")] = 1e-5,
) -> nn.Module:
    """Transformer over patches that time and class modulate through adaLN-zero (Peebles & Xie 2023).

    Weights in diffusers' layout have embeddings "per_block"; the original code's have shift 0 and eps 1e-6.
    """
    embed = partial(TimeLabelEmbedding, heads * head_dim, None if classes is None else classes + 1)
    shared = embed() if embeddings == "shared" else None
    block = partial(AdaLNZeroBlock, heads, head_dim, mlp_ratio=mlp_ratio, dropout=dropout, eps=eps)
    blocks = [block(nn.Identity() if shared else embed()) for _ in range(depth)]
    out_channels = 2 * shape[0] if variance else shape[0]
    return DiT(shape, patch, blocks, embedder=shared, out_channels=out_channels, shift=shift)


class DiT(nn.Module):
    """Patches through blocks that read one condition, and back to pixels (Peebles & Xie 2023, figure 3).

    The blocks share the vector of an `embedder` (their own `emb` is then nn.Identity()); without one
    each block embeds time and class itself, the layout of the weights published for diffusers. Pictures
    of another size than `shape` are laid over the same places.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        patch: int,
        blocks: Sequence[AdaLNZeroBlock],
        *,
        embedder: nn.Module | None = None,
        out_channels: int | None = None,
        shift: float = 1.0,  # of the time sinusoid: 1 in diffusers, 0 in the original code
    ) -> None:
        super().__init__()
        channels, height, columns = shape
        width = blocks[0].width
        self.patch, self.embedder, self.shift = patch, embedder, shift
        places = SincosPositions(width, patch_grid(height, columns, patch))
        self.pos_embed = PatchEmbed(channels, width, patch, places)
        self.transformer_blocks = nn.ModuleList(blocks)
        self.norm_out = nn.LayerNorm(width, 1e-6, elementwise_affine=False)
        self.proj_out_1 = nn.Linear(width, 2 * width)
        self.proj_out_2 = nn.Linear(width, patch**2 * (out_channels or channels))
        self.apply(_begin)

    def forward(self, x: Tensor, t: Tensor, label: Tensor | None = None) -> Tensor:
        """x [B, C, H, W], t [B] or 0-dim, label [B] to [B, out_channels, H, W]."""
        grid = patch_grid(x.shape[2], x.shape[3], self.patch)
        waves = sinusoid(t.expand(len(x)), WAVES, shift=self.shift).to(x)
        condition = (waves, label) if self.embedder is None else (self.embedder(waves, label),)
        tokens = self.pos_embed(x)  # [B, N, width]
        for block in self.transformer_blocks:
            tokens = block(tokens, *condition)
        emb = cast(AdaLNZeroBlock, self.transformer_blocks[0]).norm1.emb(*condition)
        shift, scale = self.proj_out_1(F.silu(emb))[:, None].chunk(2, dim=2)
        out = self.proj_out_2(modulate(self.norm_out(tokens), shift, scale))
        return unpatchify(out, grid, self.patch)


class TimeLabelEmbedding(nn.Module):
    """Time and class as one vector; the last of the class table's `rows` is "no class"."""

    def __init__(self, width: int, rows: int | None) -> None:
        super().__init__()
        self.timestep_embedder = TimestepEmbedding(WAVES, width)
        self.class_embedder = LabelEmbedding(rows, width) if rows else None

    def forward(self, waves: Tensor, label: Tensor | None) -> Tensor:
        """waves [B, WAVES] and label [B] to [B, width]."""
        emb: Tensor = self.timestep_embedder(waves)
        return emb if self.class_embedder is None else emb + self.class_embedder(label, len(waves))


class LabelEmbedding(nn.Module):
    """The class table, under its published name."""

    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.embedding_table = nn.Embedding(rows, width)

    def forward(self, label: Tensor | None, batch: int) -> Tensor:
        """[B], or None for "no class", to [B, width]."""
        return class_vectors(self.embedding_table, label, batch)


def _begin(layer: nn.Module) -> None:
    """Xavier weights, small class vectors, silent branches and output (Peebles & Xie 2023, section 3.2)."""
    match layer:
        case nn.Linear():
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        case nn.Embedding():
            nn.init.normal_(layer.weight, std=0.02)
        case AdaLNZero():
            zero(layer.linear)
        case DiT():
            zero(layer.proj_out_1)
            zero(layer.proj_out_2)
