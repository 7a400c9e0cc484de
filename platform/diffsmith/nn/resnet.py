"""The residual block of diffusion U-Nets."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as F

from .norms import group_norm, modulate
from .resample import keep
from .zero import zero

__all__ = ["ADD", "SCALE_SHIFT", "Join", "ResnetBlock"]


class Join(NamedTuple):
    """How time enters a block at its second normalisation: from so many numbers per channel."""

    parts: int
    normed: Callable[[nn.Module, Tensor, Tensor], Tensor]  # norm, map [B,C,H,W], time [B,parts*C,1,1]


def _add(norm: nn.Module, h: Tensor, time: Tensor) -> Tensor:
    out: Tensor = norm(h + time)
    return out


def _scale_shift(norm: nn.Module, h: Tensor, time: Tensor) -> Tensor:
    scale, shift = time.chunk(2, dim=1)
    return modulate(norm(h), shift, scale)


ADD = Join(1, _add)  # Ho et al. 2020
SCALE_SHIFT = Join(2, _scale_shift)  # Dhariwal & Nichol 2021, section 3.1


class ResnetBlock(nn.Module):
    """Twice norm, SiLU, convolution, added to the input; may resample inside (Dhariwal & Nichol 2021)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        emb: int,
        *,
        norm: Callable[[int], nn.Module] = group_norm,
        join: Join = ADD,
        resample: Callable[..., Tensor] = keep,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.join, self.resample = join, resample
        self.norm1 = norm(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.time_emb_proj = nn.Linear(emb, join.parts * out_channels)
        self.norm2 = norm(out_channels)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = zero(nn.Conv2d(out_channels, out_channels, 3, padding=1))
        same = in_channels == out_channels
        self.conv_shortcut = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor, emb: Tensor, *size: Sequence[int]) -> Tensor:
        """x [B, C, H, W] and emb [B, E] to [B, out_channels, H', W'], or to `size` where that is odd."""
        time = self.time_emb_proj(F.silu(emb))[:, :, None, None]
        h = self.conv1(self.resample(F.silu(self.norm1(x)), *size))
        h = F.silu(self.join.normed(self.norm2, h, time))
        out: Tensor = self.conv_shortcut(self.resample(x, *size)) + self.conv2(self.dropout(h))
        return out
