"""The autoencoder of cascades: shallow, of mixing blocks."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from .blocks import like
from .scaling import Scaling
from .vq import Quantizer

__all__ = ["PaellaVQModel"]


class MixingBlock(nn.Module):
    """A convolution of each channel, then a network for each pixel, both gated (Rampas et al. 2023)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels, eps=1e-6, elementwise_affine=False)
        self.depthwise = nn.Sequential(
            nn.ReplicationPad2d(1), nn.Conv2d(channels, channels, 3, groups=channels)
        )
        self.norm2 = nn.LayerNorm(channels, eps=1e-6, elementwise_affine=False)
        inner = 4 * channels
        self.channelwise = nn.Sequential(nn.Linear(channels, inner), nn.GELU(), nn.Linear(inner, channels))
        self.gammas = nn.Parameter(torch.zeros(6))  # scale, shift and gate, twice

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to the same."""
        scale1, shift1, gate1, scale2, shift2, gate2 = self.gammas
        h = self.norm1(x.movedim(1, -1)) * (1 + scale1) + shift1
        x = x + self.depthwise(h.movedim(-1, 1)) * gate1
        h = self.norm2(x.movedim(1, -1)) * (1 + scale2) + shift2
        out: Tensor = x + self.channelwise(h).movedim(-1, 1) * gate2
        return out


class PaellaVQModel(nn.Module):
    """Pictures to latents of variance 1, and back, through a codebook or not (Rampas et al. 2023).

    Attributes are as in AutoencoderKL. Cascades decode what their denoiser says as it is, so `quantises` is
    off. Its own pictures are in [0, 1].
    """

    needs_float32 = False
    sample_size = 1024

    def __init__(  # noqa: PLR0913 - what published ones differ in
        self,
        in_channels: int,
        out_channels: int,
        *,
        channels: int,
        widths: tuple[int, ...],
        blocks: int,
        codes: int,
        patch: int,
        scaling: Scaling,
        quantises: bool = False,
    ) -> None:
        super().__init__()
        self.channels, self.factor = channels, patch * 2 ** (len(widths) - 1)
        self.scaling, self.quantises = scaling, quantises
        self.in_block = nn.Sequential(
            nn.PixelUnshuffle(patch), nn.Conv2d(in_channels * patch**2, widths[0], 1)
        )
        self.down_blocks = nn.Sequential(*_down(widths), _normed(widths[-1], channels))
        self.vquantizer = Quantizer(codes, channels)
        read = nn.Sequential(nn.Conv2d(channels, widths[-1], 1))
        self.up_blocks = nn.Sequential(read, *_up(widths, blocks))
        self.out_block = nn.Sequential(
            nn.Conv2d(widths[0], out_channels * patch**2, 1), nn.PixelShuffle(patch)
        )

    def encode(self, x: Tensor) -> Tensor:
        """Pictures [B, 3, H, W] in [-1, 1] to latents [B, channels, H/factor, W/factor], not quantised."""
        h: Tensor = self.down_blocks(self.in_block((like(x, self) + 1) / 2))
        return self.scaling.scaled(h)

    def decode(self, latents: Tensor) -> Tensor:
        """Latents [B, channels, h, w] to pictures [B, 3, h * factor, w * factor], about in [-1, 1]."""
        z = like(self.scaling.unscaled(latents), self)
        out: Tensor = self.out_block(self.up_blocks(self.vquantizer(z) if self.quantises else z))
        return 2 * out - 1


def _down(widths: tuple[int, ...]) -> list[nn.Module]:
    layers: list[nn.Module] = [MixingBlock(widths[0])]
    for before, width in pairwise(widths):
        layers += [nn.Conv2d(before, width, 4, stride=2, padding=1), MixingBlock(width)]
    return layers


def _normed(width: int, channels: int) -> nn.Module:
    """Latents of mean 0 and variance 1, as measured in training."""
    return nn.Sequential(nn.Conv2d(width, channels, 1, bias=False), nn.BatchNorm2d(channels))


def _up(widths: tuple[int, ...], blocks: int) -> list[nn.Module]:
    layers: list[nn.Module] = [MixingBlock(widths[-1]) for _ in range(blocks)]
    for before, width in pairwise(widths[::-1]):
        layers += [nn.ConvTranspose2d(before, width, 4, stride=2, padding=1), MixingBlock(width)]
    return layers
