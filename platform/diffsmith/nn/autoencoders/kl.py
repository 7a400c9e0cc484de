"""The autoencoder of latent diffusion."""

from torch import Tensor, nn

from .blocks import like
from .coders import Decoder, Encoder
from .scaling import Scaling

__all__ = ["AutoencoderKL"]


class AutoencoderKL(nn.Module):
    """Pictures to Gaussians over latents, and back (Kingma & Welling 2014; Rombach et al. 2022).

    channels: of its latents; factor: how many times smaller they are. sample_size: of the pictures it was
    trained on. needs_float32: its numbers leave the range of float16. What it reads may be in any number
    format; it answers in that of its weights.
    """

    def __init__(
        self,
        encoder: Encoder,
        decoder: Decoder,
        *,
        quant_conv: nn.Module,
        post_quant_conv: nn.Module,
        scaling: Scaling,
        sample_size: int = 512,
        needs_float32: bool = False,
    ) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.quant_conv, self.post_quant_conv = quant_conv, post_quant_conv
        self.scaling, self.sample_size, self.needs_float32 = scaling, sample_size, needs_float32
        self.channels = decoder.conv_in.in_channels
        self.factor = 2 ** (len(decoder.up_blocks) - 1)

    def encode(self, x: Tensor) -> Tensor:
        """Pictures [B, 3, H, W] in [-1, 1] to their most likely latents [B, channels, H/factor, W/factor]."""
        mean, _ = self._gaussian(x)
        return self.scaling.scaled(mean)

    def moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the latents that denoisers know: mean + std * noise is a draw."""
        mean, log_variance = self._gaussian(x)
        std = (0.5 * log_variance.clamp(-30.0, 20.0)).exp()
        return self.scaling.scaled(mean), self.scaling.spread(std)

    def decode(self, latents: Tensor) -> Tensor:
        """Latents [B, channels, h, w] to pictures [B, 3, h * factor, w * factor], about in [-1, 1]."""
        z = like(self.scaling.unscaled(latents), self.decoder)
        out: Tensor = self.decoder(self.post_quant_conv(z))
        return out

    def _gaussian(self, x: Tensor) -> tuple[Tensor, ...]:
        gaussian: Tensor = self.quant_conv(self.encoder(like(x, self.encoder)))
        return gaussian.chunk(2, dim=1)
