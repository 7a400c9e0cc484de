"""The autoencoder whose latents are rows of a codebook."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .blocks import like
from .coders import Decoder, Encoder
from .scaling import Scaling

__all__ = ["Quantizer", "VQModel"]

_TOKENS = 4096
"""Distances to all rows are computed for so many latent pixels at a time."""


class Quantizer(nn.Module):
    """Each latent pixel becomes the nearest row of a codebook (van den Oord et al. 2017, equation 1)."""

    def __init__(self, codes: int, channels: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(codes, channels)
        nn.init.uniform_(self.embedding.weight, -1 / codes, 1 / codes)

    def forward(self, z: Tensor) -> Tensor:
        """[B, C, H, W] to the same; gradients pass as if nothing was done (section 3.2)."""
        rows = self.rows(self.nearest(z)).to(z.dtype)
        return z + (rows - z).detach() if z.requires_grad else rows

    @torch.no_grad()
    def nearest(self, z: Tensor) -> Tensor:
        """[B, C, H, W] to the numbers [B, H, W] of the nearest rows."""
        rows = self.embedding.weight.float()
        tokens = z.float().movedim(1, -1).flatten(0, -2)
        found = [torch.cdist(some, rows).argmin(dim=1) for some in torch.split(tokens, _TOKENS)]
        return torch.cat(found).view(z.shape[0], *z.shape[2:])

    def rows(self, codes: Tensor) -> Tensor:
        """Numbers [B, H, W] of rows to latents [B, C, H, W]."""
        return F.embedding(codes, self.embedding.weight).movedim(-1, 1)


class VQModel(nn.Module):
    """Pictures to latents, and latents through the codebook to pictures (Esser et al. 2021).

    Attributes are as in AutoencoderKL; quantises: whether `decode` first moves latents to the codebook.
    """

    def __init__(
        self,
        encoder: Encoder,
        decoder: Decoder,
        quantize: Quantizer,
        *,
        scaling: Scaling,
        quantises: bool = True,
        sample_size: int = 256,
        needs_float32: bool = False,
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.quantize = encoder, decoder, quantize
        self.channels = quantize.embedding.embedding_dim
        inner = decoder.conv_in.in_channels
        self.quant_conv = nn.Conv2d(inner, self.channels, 1)
        self.post_quant_conv = nn.Conv2d(self.channels, inner, 1)
        self.scaling, self.quantises = scaling, quantises
        self.sample_size, self.needs_float32 = sample_size, needs_float32
        self.factor = 2 ** (len(decoder.up_blocks) - 1)

    def encode(self, x: Tensor) -> Tensor:
        """Pictures [B, 3, H, W] in [-1, 1] to latents [B, channels, H/factor, W/factor], not quantised."""
        return self.scaling.scaled(self.quant_conv(self.encoder(like(x, self.encoder))))

    def decode(self, latents: Tensor) -> Tensor:
        """Latents [B, channels, h, w] to pictures [B, 3, h * factor, w * factor], about in [-1, 1]."""
        z = like(self.scaling.unscaled(latents), self.decoder)
        out: Tensor = self.decoder(self.post_quant_conv(self.quantize(z) if self.quantises else z))
        return out
