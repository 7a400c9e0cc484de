"""PixArt: the diffusion transformer that reads a prompt."""

from collections.abc import Sequence
from typing import Annotated, cast

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from diffsmith.nn.adaln import AdaLNSingleBlock
from diffsmith.nn.attending import seen
from diffsmith.nn.embeddings import TimestepEmbedding, sinusoid
from diffsmith.nn.norms import modulate
from diffsmith.nn.once import Once
from diffsmith.nn.patches import PatchEmbed, patch_grid, unpatchify
from diffsmith.nn.positions import SincosPositions
from diffsmith.nn.zero import zero

__all__ = ["AdaLNSingle", "CaptionProjection", "PixArt", "TimeSizeEmbedding", "pixart"]

WAVES = 256  # numbers in the sinusoid of a timestep, or of a size


def pixart(  # noqa: PLR0913 - what published weights differ in
    shape: tuple[int, int, int],
    classes: int | None,
    *,
    patch: Annotated[int, Field(ge=1)] = 2,
    heads: Annotated[int, Field(ge=1)] = 16,
    head_dim: Annotated[int, Field(ge=4, multiple_of=4)] = 72,
    depth: Annotated[int, Field(ge=1)] = 28,
    text_width: Annotated[int, Field(ge=1, description="of the text encoder's states")] = 4096,
    sizes: Annotated[bool, Field(description="read the picture's height, width and aspect ratio")] = False,
    interpolation: Annotated[float, Field(gt=0, description="what places are divided by")] = 1.0,
    variance: Annotated[bool, Field(description="answer the variance too, in as many channels more")] = True,
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
    eps: Annotated[float, Field(gt=0, description="of the norms in the blocks")] = 1e-6,
) -> nn.Module:
    """Transformer over patches that time modulates and a text informs (Chen et al. 2023, PixArt-alpha)."""
    width = heads * head_dim
    if sizes and width % 3:
        raise ValueError(f"heads * head_dim is {width}: a network that reads sizes splits it in three")
    return PixArt(
        shape,
        patch,
        [AdaLNSingleBlock(heads, head_dim, dropout=dropout, eps=eps) for _ in range(depth)],
        caption=CaptionProjection(text_width, width),
        adaln=AdaLNSingle(width, TimeSizeEmbedding(width, sizes=sizes)),
        out_channels=2 * shape[0] if variance else shape[0],
        interpolation=interpolation,
    )


class PixArt(nn.Module):
    """Patches through blocks that attend to a text, and back to pixels (Chen et al. 2023, figure 4).

    Pictures of another size than `shape` are laid over the same places.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        patch: int,
        blocks: Sequence[AdaLNSingleBlock],
        *,
        caption: nn.Module,
        adaln: nn.Module,
        out_channels: int,
        interpolation: float = 1.0,
    ) -> None:
        super().__init__()
        channels, height, columns = shape
        width, self.patch = blocks[0].width, patch
        places = SincosPositions(width, patch_grid(height, columns, patch), interpolation)
        self.pos_embed = PatchEmbed(channels, width, patch, places)
        self.transformer_blocks = nn.ModuleList(blocks)
        self.norm_out = nn.LayerNorm(width, 1e-6, elementwise_affine=False)
        self.scale_shift_table = nn.Parameter(torch.randn(2, width) / width**0.5)
        self.proj_out = nn.Linear(width, patch**2 * out_channels)
        self.adaln_single = adaln
        self.caption_projection = caption
        self.apply(_begin)

    def forward(
        self,
        x: Tensor,
        t: Tensor,
        label: Tensor | None = None,
        *,
        text: Tensor,
        text_mask: Tensor | None = None,
        sizes: Tensor | None = None,
    ) -> Tensor:
        """x [B, C, H, W], t [B] or 0-dim, text [B, L, D], text_mask [B, L], sizes [B, 3], to [B, out, H, W].

        sizes: height and width in pixels, and the first divided by the second. label is not read.
        """
        grid = patch_grid(x.shape[2], x.shape[3], self.patch)
        emb, shared = self.adaln_single(sinusoid(t.expand(len(x)), WAVES).to(x), sizes)
        words, mask = self.caption_projection(text), None if text_mask is None else seen(text_mask).to(x)
        tokens = self.pos_embed(x)  # [B, N, width]
        for block in self.transformer_blocks:
            tokens = block(tokens, shared, words, mask)
        shift, scale = (self.scale_shift_table + emb[:, None]).chunk(2, dim=1)
        out = self.proj_out(modulate(self.norm_out(tokens), shift, scale))
        return unpatchify(out, grid, self.patch)


class AdaLNSingle(nn.Module):
    """One map from time to the branches of all blocks (Chen et al. 2023, section 2.3)."""

    def __init__(self, width: int, emb: nn.Module) -> None:
        super().__init__()
        self.emb = emb
        self.linear = nn.Linear(width, 6 * width)

    def forward(self, *condition: Tensor | None) -> tuple[Tensor, Tensor]:
        """What `emb` reads to its vector [B, width] and the shared modulation [B, 6, width]."""
        emb: Tensor = self.emb(*condition)
        return emb, self.linear(F.silu(emb)).reshape(len(emb), 6, -1)


class TimeSizeEmbedding(nn.Module):
    """Time, and where a network reads them three sizes, as one vector (Podell et al. 2023, section 2.2)."""

    def __init__(self, width: int, *, sizes: bool) -> None:
        super().__init__()
        self.timestep_embedder = TimestepEmbedding(WAVES, width)
        self.resolution_embedder = TimestepEmbedding(WAVES, width // 3) if sizes else None
        self.aspect_ratio_embedder = TimestepEmbedding(WAVES, width // 3) if sizes else None

    def forward(self, waves: Tensor, sizes: Tensor | None) -> Tensor:
        """waves [B, WAVES] and sizes [B, 3] to [B, width]."""
        emb: Tensor = self.timestep_embedder(waves)
        if self.resolution_embedder is None or self.aspect_ratio_embedder is None:
            return emb
        if sizes is None:
            raise ValueError("this network reads sizes [B, 3]: height and width in pixels, and their ratio")
        each = sinusoid(sizes.flatten(), WAVES).to(waves).reshape(*sizes.shape, WAVES)
        parts = [self.resolution_embedder(each[:, :2]), self.aspect_ratio_embedder(each[:, 2:])]
        return emb + torch.cat(parts, dim=1).flatten(1)


class CaptionProjection(nn.Module):
    """A small MLP from a text encoder's states to the blocks' width (Chen et al. 2023, section 2.3).

    once: as in `Attention`; set it, and a text is mapped once for as long as its tensor lives.
    """

    def __init__(self, text_width: int, width: int) -> None:
        super().__init__()
        self.once: Once | None = None
        self.linear_1 = nn.Linear(text_width, width)
        self.linear_2 = nn.Linear(width, width)

    def forward(self, text: Tensor) -> Tensor:
        """[B, L, text_width] to [B, L, width]."""
        out: Tensor
        out = self._map(text) if self.once is None else self.once(text, self._map, list(self.parameters()))
        return out

    def _map(self, text: Tensor) -> Tensor:
        out: Tensor = self.linear_2(F.gelu(self.linear_1(text), approximate="tanh"))
        return out


def _begin(layer: nn.Module) -> None:
    """Xavier weights; text and output silent at first (Chen et al. 2023, section 2.3)."""
    match layer:
        case nn.Linear():
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        case AdaLNSingleBlock():
            zero(cast(nn.Linear, layer.attn2.to_out[0]))
        case PixArt():
            zero(layer.proj_out)
