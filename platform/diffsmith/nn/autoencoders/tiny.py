"""The autoencoder for previews."""

from collections.abc import Sequence

from torch import Tensor, nn

from .blocks import DoublingConv, like
from .scaling import Scaling

__all__ = ["AutoencoderTiny"]


class TinyBlock(nn.Module):
    """Three convolutions with ReLU, added to the input, with another ReLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        first, second, third = (nn.Conv2d(width, width, 3, padding=1) for _ in range(3))
        self.conv = nn.Sequential(first, nn.ReLU(inplace=True), second, nn.ReLU(inplace=True), third)

    def forward(self, x: Tensor) -> Tensor:
        """[B, width, H, W] to the same."""
        out: Tensor = self.conv(x).add_(x).relu_()
        return out


class TinyEncoder(nn.Module):
    """Convolution and blocks, for each level; all levels but the first halve."""

    def __init__(self, in_channels: int, out_channels: int, width: int, blocks: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for level, count in enumerate(blocks):
            halving = nn.Conv2d(width, width, 3, stride=2, padding=1, bias=False)
            layers.append(halving if level else nn.Conv2d(in_channels, width, 3, padding=1))
            layers += [TinyBlock(width) for _ in range(count)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, out_channels, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """[B, in_channels, H, W] in [-1, 1] to [B, out_channels, h, w]."""
        out: Tensor = self.layers(like(x, self).add(1).div(2))
        return out


class TinyDecoder(nn.Module):
    """Blocks and convolution, for each level; all levels but the last double."""

    def __init__(self, in_channels: int, out_channels: int, width: int, blocks: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(in_channels, width, 3, padding=1), nn.ReLU(inplace=True)]
        *doubled, last = blocks
        for count in doubled:
            layers += [TinyBlock(width) for _ in range(count)]
            layers += [nn.Identity(), DoublingConv(width, bias=False)]  # its doubling has a place of its own
        layers += [TinyBlock(width) for _ in range(last)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, out_channels, 3, padding=1))
        self.channels, self.factor = in_channels, 2 ** len(doubled)

    def forward(self, x: Tensor) -> Tensor:
        """[B, in_channels, h, w] to [B, out_channels, H, W] in [-1, 1]."""
        bounded = 3 * (like(x, self) / 3).tanh()
        out: Tensor = self.layers(bounded).mul(2).sub(1)
        return out


class AutoencoderTiny(nn.Module):
    """A small stand-in for a large autoencoder, distilled from it (Bohan 2023, TAESD).

    Its latents are those that denoisers know, so its own scaling is 1. Attributes are as in AutoencoderKL.
    """

    needs_float32 = False
    sample_size = 512

    def __init__(
        self,
        encoder: TinyEncoder,
        decoder: TinyDecoder,
        *,
        scaling: Scaling,
        magnitude: float = 3.0,
        centre: float = 0.5,
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.scaling = encoder, decoder, scaling
        self.magnitude, self.centre = magnitude, centre
        self.channels, self.factor = decoder.channels, decoder.factor

    def encode(self, x: Tensor) -> Tensor:
        """Pictures [B, 3, H, W] in [-1, 1] to latents [B, channels, H/factor, W/factor]."""
        return self.scaling.scaled(self.encoder(x))

    def decode(self, latents: Tensor) -> Tensor:
        """Latents [B, channels, h, w] to pictures [B, 3, h * factor, w * factor], about in [-1, 1]."""
        out: Tensor = self.decoder(self.scaling.unscaled(latents))
        return out

    def scale_latents(self, latents: Tensor) -> Tensor:
        """Latents to numbers in [0, 1], to be shown or kept as bytes."""
        return (latents / (2 * self.magnitude) + self.centre).clamp(0, 1)

    def unscale_latents(self, numbers: Tensor) -> Tensor:
        """Numbers in [0, 1] to latents."""
        return (numbers - self.centre) * (2 * self.magnitude)
