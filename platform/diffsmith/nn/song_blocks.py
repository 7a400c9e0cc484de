"""The layers of Song's networks, under the names NVlabs/edm gave them."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F

from .attention import attend
from .fir import FIRHalve
from .norms import group_norm
from .resample import keep
from .zero import zero

__all__ = ["ROOT_HALF", "HalvingConv", "SongBlock", "song_norm"]

ROOT_HALF = 0.5**0.5
"""A sum of two signals of variance one, times this, has variance one (Song et al. 2020, appendix H.1)."""


def song_norm(channels: int, eps: float = 1e-6) -> nn.GroupNorm:
    """Groups of four channels or more, at most 32 of them (Song et al. 2020, their code)."""
    return group_norm(channels, max(1, min(channels // 4, 32)), eps)


class HalvingConv(nn.Conv2d):
    """A convolution whose result is filtered and halved, with nothing in between but itself."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 3, padding=2)
        self.halve = FIRHalve(pad=0)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, out_channels, H/2, W/2]."""
        out: Tensor = self.halve(super().forward(x))
        return out


class SongBlock(nn.Module):
    """A residual block with attention at its end, every sum brought back to variance one.

    resample: halves or doubles inside; both branches then pass a convolution.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        emb: int,
        *,
        resample: Callable[[Tensor], Tensor] = keep,
        attention: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.in_channels, self.resample = in_channels, resample
        self.norm0 = song_norm(in_channels)
        self.conv0 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.affine = nn.Linear(emb, out_channels)
        self.norm1 = song_norm(out_channels)
        self.dropout = nn.Dropout(dropout)
        self.conv1 = zero(nn.Conv2d(out_channels, out_channels, 3, padding=1))
        plain = in_channels == out_channels and resample is keep
        self.skip = nn.Identity() if plain else nn.Conv2d(in_channels, out_channels, 1)
        self.norm2 = song_norm(out_channels) if attention else None
        self.qkv = nn.Conv2d(out_channels, 3 * out_channels, 1) if attention else None
        self.proj = zero(nn.Conv2d(out_channels, out_channels, 1)) if attention else None

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        """x [B, C, H, W] and activated emb [B, E] to [B, out_channels, H', W']."""
        h = self.conv0(self.resample(F.silu(self.norm0(x))))
        h = self.conv1(self.dropout(F.silu(self.norm1(h + self.affine(emb)[:, :, None, None]))))
        return self._attended((self.skip(self.resample(x)) + h) * ROOT_HALF)

    def _attended(self, x: Tensor) -> Tensor:
        """One head; query, key and value of a channel are neighbours in `qkv`."""
        if self.norm2 is None or self.qkv is None or self.proj is None:
            return x
        tokens = self.qkv(self.norm2(x)).flatten(2).mT  # [B, H*W, 3 * C]
        query, key, value = tokens.unflatten(2, (-1, 3)).unbind(3)
        out: Tensor = self.proj(attend(query, key, value, 1).mT.reshape(x.shape))
        return (x + out) * ROOT_HALF
