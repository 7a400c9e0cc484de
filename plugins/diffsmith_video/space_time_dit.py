"""The diffusion transformer of clips."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from diffsmith.nn.embeddings import TimestepEmbedding, class_vectors, sinusoid
from diffsmith.nn.norms import modulate
from diffsmith.nn.patches import PatchEmbed, patch_grid, unpatchify
from diffsmith.nn.positions import SincosPositions
from diffsmith.nn.video.folding import clip_of, frames_of
from diffsmith.nn.video.light import frame_waves
from diffsmith.nn.video.space_time import Axis, SpaceTimeBlock, along_frames, within_frames
from diffsmith.nn.zero import zero

__all__ = ["SpaceTimeDiT", "space_time_dit"]

WAVES = 256  # numbers in the sinusoid of a timestep

AXES: dict[str, Sequence[Sequence[Axis]]] = {
    "alternating": ((within_frames,), (along_frames,)),
    "both": ((within_frames, along_frames),),
}
"""What the blocks attend to, over and over: an axis each, or both (Ma et al. 2024, variants 1 and 3)."""


def space_time_dit(  # noqa: PLR0913 - the options a sweep may choose
    shape: tuple[int, int, int, int],
    classes: int | None,
    *,
    patch: Annotated[int, Field(ge=1)] = 2,
    heads: Annotated[int, Field(ge=1)] = 4,
    head_dim: Annotated[int, Field(ge=4, multiple_of=4)] = 16,
    depth: Annotated[int, Field(ge=2)] = 4,
    blocks: Annotated[
        Literal["alternating", "both"],
        Field(description="attend within frames and along them by turns, or each block both"),
    ] = "alternating",
    mlp_ratio: Annotated[float, Field(gt=0)] = 4.0,
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
) -> nn.Module:
    """Diffusion transformer whose attention is within frames or along them (Ma et al. 2024)."""
    axes = AXES[blocks]
    made = [
        SpaceTimeBlock(heads, head_dim, axes[number % len(axes)], mlp_ratio=mlp_ratio, dropout=dropout)
        for number in range(depth)
    ]
    return SpaceTimeDiT(shape, heads * head_dim, patch, made, None if classes is None else classes + 1)


class SpaceTimeDiT(nn.Module):
    """Patches of every frame through blocks that read time and class, and back to pixels.

    Clips of another size or length than `shape` are laid over the same places, frame by frame. The last of
    the class table's `rows` is "no class".
    """

    def __init__(
        self,
        shape: tuple[int, int, int, int],
        width: int,
        patch: int,
        blocks: Sequence[SpaceTimeBlock],
        rows: int | None,
    ) -> None:
        super().__init__()
        channels, _, height, columns = shape
        self.channels, self.patch = channels, patch
        self.time_embedding = TimestepEmbedding(WAVES, width)
        self.class_embedding = nn.Embedding(rows, width) if rows else None
        places = SincosPositions(width, patch_grid(height, columns, patch))
        self.patches = PatchEmbed(channels, width, patch, places)
        self.blocks = nn.ModuleList(blocks)
        self.norm_out = nn.LayerNorm(width, 1e-6, elementwise_affine=False)
        self.modulation_out = nn.Linear(width, 2 * width)
        self.conv_out = nn.Linear(width, patch**2 * channels)
        self.apply(_begin)

    def forward(self, x: Tensor, t: Tensor, label: Tensor | None = None) -> Tensor:
        """x [B, C, F, H, W], t [B] or 0-dim, label [B], to x's shape."""
        frames, grid = x.shape[2], patch_grid(x.shape[3], x.shape[4], self.patch)
        emb = self._embed(x, t, label)
        tokens = self.patches(frames_of(x)).unflatten(0, (-1, frames))  # [B, F, N, width]
        tokens = (tokens + frame_waves(tokens[:, :, 0])[:, None]).flatten(1, 2)
        for block in self.blocks:
            tokens = block(tokens, emb, frames)
        shift, scale = self.modulation_out(F.silu(emb))[:, None].chunk(2, dim=2)
        out = self.conv_out(modulate(self.norm_out(tokens), shift, scale))
        return clip_of(unpatchify(out.unflatten(1, (frames, -1)).flatten(0, 1), grid, self.patch), frames)

    def _embed(self, x: Tensor, t: Tensor, label: Tensor | None) -> Tensor:  # [B, width]
        emb: Tensor = self.time_embedding(sinusoid(t.expand(len(x)), WAVES).to(x))
        return (
            emb if self.class_embedding is None else emb + class_vectors(self.class_embedding, label, len(x))
        )


def _begin(layer: nn.Module) -> None:
    """Xavier weights, small class vectors, silent branches and output (Peebles & Xie 2023, section 3.2)."""
    match layer:
        case nn.Linear():
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        case nn.Embedding():
            nn.init.normal_(layer.weight, std=0.02)
        case SpaceTimeBlock():
            zero(layer.modulation.linear)
        case SpaceTimeDiT():
            zero(layer.modulation_out)
            zero(layer.conv_out)
