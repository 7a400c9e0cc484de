"""Pictures as CLIP sees them: made small, normalised, and read as one vector or as one for each patch."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..weights.components import Components
from .encoders import clip_vision_encoder, required

__all__ = ["MEAN", "STD", "ClipVision", "clip_vision", "normalised", "smoothly_resized"]

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
"""Of CLIP's training pictures, in [0, 1], by colour (Radford et al. 2021, their code)."""


@dataclass(frozen=True)
class ClipVision:
    """CLIP's half that looks; side: height and width of what it looks at, in pixels."""

    encoder: nn.Module
    side: int

    def embedding(self, x: Tensor) -> Tensor:
        """Normalised pictures [B, 3, side, side] to one vector each [B, D], where texts have theirs too."""
        with torch.no_grad():
            vector: Tensor = self.encoder(self._suited(x)).image_embeds
        return vector

    def patches(self, x: Tensor, behind: int = 0) -> Tensor:
        """Normalised pictures to the states so many layers before the last, [B, 1 + patches, width]."""
        with torch.no_grad():
            states = self.encoder(self._suited(x), output_hidden_states=True).hidden_states
        wanted: Tensor = states[-1 - behind]
        return wanted

    def _suited(self, x: Tensor) -> Tensor:
        weight = next(self.encoder.parameters())
        return x.to(weight)


def clip_vision(component: Components, part: str = "image_encoder") -> ClipVision:
    """The encoder of pictures that lies with the weights; a SpecError where there is none."""
    encoder = clip_vision_encoder(required(component, part, "looks at pictures"))
    side: int = encoder.config.image_size  # type: ignore[union-attr, assignment]
    return ClipVision(encoder, side)


def normalised(x: Tensor) -> Tensor:
    """Pictures [B, 3, H, W] in [-1, 1] as CLIP learnt them: each colour at mean 0 and variance 1."""
    mean, std = (x.new_tensor(numbers)[:, None, None] for numbers in (MEAN, STD))
    return ((x + 1) / 2 - mean) / std


def smoothly_resized(x: Tensor, side: int) -> Tensor:
    """Pictures [B, C, H, W] to [B, C, side, side]: blurred as far as they shrink, then bicubic.

    The blur's deviation is (factor - 1) / 2 pixels (scikit-image's `resize`, which SVD's authors follow).
    """
    for axis in (-1, -2):
        x = _blurred(x, axis, max((x.shape[axis] / side - 1) / 2, 0.001))
    return F.interpolate(x, (side, side), mode="bicubic", align_corners=True)


def _blurred(x: Tensor, axis: int, deviation: float) -> Tensor:
    """Along one axis, by a normal curve cut off at two deviations; edges are mirrored."""
    width = int(max(4 * deviation, 3)) // 2 * 2 + 1
    places = torch.arange(width, dtype=x.dtype, device=x.device) - width // 2
    curve = (-(places**2) / (2 * deviation**2)).exp()
    across = x.movedim(axis, -1)
    kernel = (curve / curve.sum()).expand(x.shape[1], 1, 1, width)
    wide = F.pad(across, [width // 2] * 2 + [0, 0], mode="reflect")
    return F.conv2d(wide, kernel, groups=x.shape[1]).movedim(-1, axis)
