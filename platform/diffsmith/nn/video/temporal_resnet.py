"""Residual blocks along the frames of a clip, behind those over each frame."""

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from ..autoencoders.blocks import silu
from ..norms import group_norm
from ..resnet import ResnetBlock
from ..zero import zero
from .blender import AlphaBlender
from .folding import clip_of, frames_of

__all__ = ["SpatioTemporalResnet", "TemporalConv", "TemporalResnet", "pixels_of", "pixels_to"]


def pixels_of(x: Tensor, frames: int) -> Tensor:
    """Maps [B * F, C, H, W] as [B, C, F, H * W], without a copy."""
    return clip_of(x.flatten(2), frames)


def pixels_to(x: Tensor, like: Tensor) -> Tensor:
    """And back to the shape of `like`."""
    return frames_of(x.reshape(*x.shape[:3], *like.shape[2:]))


class TemporalConv(nn.Conv3d):
    """A convolution over each frame and its neighbours: of a clip in space and time, 3 x 1 x 1.

    It is computed in the plane of frames and pixels: the same sums, by faster kernels.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, (3, 1, 1), padding=(1, 0, 0))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, F, N] to [B, out_channels, F, N], N pixels."""
        return F.conv2d(x, self.weight[..., 0], self.bias, padding=(1, 0))


class TemporalResnet(nn.Module):
    """Twice norm, SiLU, convolution along the frames; what comes out is not yet added to what went in.

    emb: the width of what is told of time, 0 where nothing is.
    """

    def __init__(self, channels: int, emb: int, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        self.norm1 = norm(channels)
        self.conv1 = TemporalConv(channels, channels)
        self.time_emb_proj = nn.Linear(emb, channels) if emb else None
        self.norm2 = norm(channels)
        self.conv2 = zero(TemporalConv(channels, channels))

    def forward(self, x: Tensor, emb: Tensor | None = None) -> Tensor:
        """x [B, C, F, N] and emb [B, F, E] to [B, C, F, N]."""
        h = self.conv1(silu(self.norm1(x)))
        if self.time_emb_proj is not None and emb is not None:
            h = h + self.time_emb_proj(F.silu(emb)).mT[..., None]
        h = silu(self.norm2(h))  # a line of its own: what it is made from goes before the next is made
        out: Tensor = self.conv2(h)
        return out


class SpatioTemporalResnet(nn.Module):
    """A residual block over each frame, one along the frames, and their mix (Blattmann et al. 2023, SVD)."""

    def __init__(self, in_channels: int, out_channels: int, emb: int, eps: float = 1e-6) -> None:
        super().__init__()
        norm = partial(group_norm, eps=eps)
        self.spatial_res_block = ResnetBlock(in_channels, out_channels, emb, norm=norm)
        self.temporal_res_block = TemporalResnet(out_channels, emb, norm)
        self.time_mixer = AlphaBlender()

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        """x [B * F, C, H, W] and emb [B, F, E] to [B * F, out_channels, H, W]."""
        h = self.spatial_res_block(x, emb.flatten(0, 1))
        pixels = pixels_of(h, emb.shape[1])
        mixed = self.time_mixer.added(pixels, self.temporal_res_block(pixels, emb))
        return pixels_to(mixed, h)
