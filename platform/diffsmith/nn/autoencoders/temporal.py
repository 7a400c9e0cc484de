"""The autoencoder of Stable Video Diffusion: it encodes pictures, and decodes clips."""

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Any, cast

from torch import Tensor, nn

from ..norms import group_norm
from ..video.blender import AlphaBlender
from ..video.temporal_resnet import TemporalConv, TemporalResnet, pixels_of, pixels_to
from .blocks import Residual, Stage, like, silu
from .coders import Decoder, Encoder, Plan
from .kl import AutoencoderKL

__all__ = ["SpatioTemporalResidual", "TemporalAutoencoderKL", "TemporalDecoder", "TemporalPlan"]


class SpatioTemporalResidual(nn.Module):
    """A residual block over each frame, one along the frames, and their mix (Blattmann et al. 2023, SVD)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.spatial_res_block = Residual(in_channels, out_channels, partial(group_norm, eps=1e-6))
        self.temporal_res_block = TemporalResnet(out_channels, 0, group_norm)
        self.time_mixer = AlphaBlender(0.0, switched=True)

    def forward(self, x: Tensor, frames: int) -> Tensor:
        """[B * F, C, H, W] to [B * F, out_channels, H, W]."""
        h = self.spatial_res_block(x)
        pixels = pixels_of(h, frames)
        return pixels_to(self.time_mixer.added(pixels, self.temporal_res_block(pixels)), h)


class _Middle(Stage):
    """Block, attention, block, whatever else it holds: as published, more blocks are never run."""

    def __iter__(self) -> Iterator[nn.Module]:
        """The layers that run, in their order."""
        yield self.resnets[0]
        for attention, resnet in zip(self.attentions, self.resnets[1:], strict=False):
            yield from (attention, resnet)


class TemporalPlan(Plan):
    """The same for a decoder whose residual blocks look along the frames."""

    def stage(self, level: int, previous: int, layers: int, **resamplers: nn.Module) -> Stage:
        """One level, from so many channels before it."""
        width = self.widths[level]
        inputs = [previous, *[width] * (layers - 1)]
        return Stage([SpatioTemporalResidual(each, width) for each in inputs], (), **resamplers)

    def middle(self) -> Stage:
        """As many blocks as a level of the encoder has, and one attention."""
        width = self.widths[-1]
        return _Middle(
            [SpatioTemporalResidual(width, width) for _ in range(self.layers)], self._attend(1, width)
        )


class TemporalDecoder(Decoder):
    """Feature maps of clips to their frames."""

    def __init__(self, in_channels: int, out_channels: int, plan: TemporalPlan) -> None:
        super().__init__(in_channels, out_channels, plan)
        self.time_conv_out = TemporalConv(out_channels, out_channels)

    def forward(self, x: Tensor, frames: int = 1) -> Tensor:
        """[B * F, in_channels, h, w] to [B * F, out_channels, H, W]."""
        x = self.conv_in(x)
        stages = cast("list[Stage]", [self.mid_block, *self.up_blocks])
        for layer in chain.from_iterable(stages):
            x = layer(x, frames) if isinstance(layer, SpatioTemporalResidual) else layer(x)
        x = silu(self.conv_norm_out(x))
        x = self.conv_out(x)
        return pixels_to(self.time_conv_out(pixels_of(x, frames)), x)


class TemporalAutoencoderKL(AutoencoderKL):
    """Pictures to Gaussians over latents as AutoencoderKL, and latents to clips that do not flicker.

    temporal: decoding wants neighbouring frames at hand.
    """

    temporal = True

    def __init__(
        self, encoder: Encoder, decoder: TemporalDecoder, *, quant_conv: nn.Module, **told: Any
    ) -> None:
        super().__init__(encoder, decoder, quant_conv=quant_conv, post_quant_conv=nn.Identity(), **told)

    def decode(self, latents: Tensor, frames: int | None = None) -> Tensor:
        """Latents [B * F, channels, h, w] of clips of so many frames to frames [B * F, 3, H, W].

        frames: by default all are one clip. Pictures are about in [-1, 1].
        """
        z = like(self.scaling.unscaled(latents), self.decoder)
        out: Tensor = self.decoder(z, frames or len(z))
        return out
