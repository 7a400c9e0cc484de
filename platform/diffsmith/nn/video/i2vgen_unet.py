"""The U-Net that makes a picture move."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..attention import Attention
from ..transformer import GELU, FeedForward
from ..unet import Plan
from .clip_unet import ClipUNet
from .folding import frames_of
from .temporal_resnet import pixels_of, pixels_to

__all__ = ["I2VGenUNet"]


class I2VGenUNet(ClipUNet):
    """Predicts a clip that begins with a picture and goes on as a text says (Zhang et al. 2023, I2VGen-XL).

    It is told the picture three times: its latents, a plane for each frame, beside x; a grid of tokens of
    the first plane, and tokens of the picture's embedding, behind the text.
    """

    def __init__(self, channels: int, plan: Plan, entry: nn.Module, text: int) -> None:
        super().__init__(2 * channels, channels, plan, entry, fps=True)
        self.image_latents_proj_in = _local(channels)
        self.image_latents_temporal_encoder = _AlongFrames(channels)
        self.image_latents_context_embedding = _grid(channels, text)
        emb = 4 * plan.widths[0]
        self.context_embedding = nn.Sequential(
            nn.Linear(text, emb), nn.SiLU(), nn.Linear(emb, text * channels)
        )

    def _needs(self) -> dict[str, bool]:
        return dict.fromkeys(("text", "beside", "image", "fps"), True)

    def _read(
        self, x: Tensor, text: Any, mask: Tensor | None, beside: Any, image: Any
    ) -> tuple[Tensor, tuple[Any, Tensor | None]]:
        """As in `ClipUNet`: of the picture's latents [B, C, F or 1, H, W] and its embedding [B, width]."""
        planes = beside.to(x).expand(-1, -1, x.shape[2], -1, -1)
        grid = self.image_latents_context_embedding(planes[:, :, 0]).flatten(2).mT
        tokens = self.context_embedding(image).unflatten(1, (-1, text.shape[2]))
        context = torch.cat([text, grid, tokens], dim=1)
        if mask is not None:
            mask = F.pad(mask, (0, context.shape[1] - text.shape[1]))  # added to scores: 0 is read
        known = self.image_latents_temporal_encoder(self.image_latents_proj_in(frames_of(planes)), x.shape[2])
        return torch.cat([frames_of(x), known], dim=1), (context, mask)


def _local(channels: int) -> nn.Sequential:
    inner = 4 * channels
    widths = ((channels, inner), (inner, inner), (inner, channels))
    first, second, third = (nn.Conv2d(*width, 3, padding=1) for width in widths)
    return nn.Sequential(first, nn.SiLU(), second, nn.SiLU(), third)


def _grid(channels: int, text: int) -> nn.Sequential:
    """[B, C, H, W] of any size to [B, text, 8, 8]."""
    return nn.Sequential(
        nn.Conv2d(channels, 8 * channels, 3, padding=1),
        nn.SiLU(),
        nn.AdaptiveAvgPool2d((32, 32)),
        nn.Conv2d(8 * channels, 16 * channels, 3, stride=2, padding=1),
        nn.SiLU(),
        nn.Conv2d(16 * channels, text, 3, stride=2, padding=1),
    )


class _AlongFrames(nn.Module):
    """Each pixel's frames look at one another, then each is fed forward; the latter is not normalised."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attn1 = Attention(channels, 2, channels)
        self.ff = FeedForward(GELU(channels, 4 * channels), 4 * channels, channels)

    def forward(self, x: Tensor, frames: int) -> Tensor:
        """[B * F, C, H, W] to the same."""
        lines = pixels_of(x, frames).permute(0, 3, 2, 1)  # [B, H * W, F, C]
        tokens = lines.flatten(0, 1)
        tokens = tokens + self.attn1(self.norm1(tokens))
        tokens = tokens + self.ff(tokens)
        return pixels_to(tokens.reshape(lines.shape).permute(0, 3, 2, 1), x)
