"""The conditioner of a head's views: a text, a picture of the head, and where each view is taken from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field
from torch import nn

from diffsmith.conditioning import Branches, Conditioner, Wanted
from diffsmith.conditioning.clip_vision import ClipVision, clip_vision, normalised, smoothly_resized
from diffsmith.conditioning.conditioners import open_clip
from diffsmith.weights.components import Components

from ..cameras import flattened, orbit
from .seeing import shown

__all__ = ["head_views"]


def head_views(
    component: Components,
    *,
    span: Annotated[float, Field(ge=-360, le=360, description="of all cameras together, in degrees")] = 180.0,
    normals: Annotated[int, Field(ge=0, description="channels of the map of normals that is read")] = 4,
    weighting: bool = True,
) -> Conditioner:
    """OpenCLIP's states of a text and of a picture, and cameras in front of a head (cool-japan/oxigaf).

    text [B, L, D]; image [B, 257, D'], the last layer's but one; camera [B, V, 12]; beside, where normals
    are read: zeros, as no map of them is known.
    """
    return _Heads(open_clip(component, weighting=weighting), clip_vision(component), span, normals)


@dataclass(frozen=True)
class _Heads:
    words: Conditioner
    eyes: ClipVision
    span: float
    normals: int

    @property
    def encoders(self) -> Mapping[str, nn.Module]:
        """The network that reads, and the one that looks."""
        return {**self.words.encoders, "image_encoder": self.eyes.encoder}

    def __call__(self, wanted: Wanted, *, guided: bool) -> Branches:
        """Without the text the picture is not seen either."""
        count, (original, picture) = len(wanted.prompts), shown(wanted)
        looked = normalised(smoothly_resized(original, self.eyes.side))
        seen = self.eyes.patches(looked, behind=1).expand(count, -1, -1)
        views = {"conditional": seen, "unconditional": torch.zeros_like(seen)}
        around = orbit(wanted.frames, elevation=0.0, azimuth=-self.span / 2, span=self.span)
        told = {"camera": flattened(around, rows=3)[None].to(seen).expand(count, -1, -1)}
        if self.normals and wanted.encode is not None:
            latents = wanted.encode(picture)
            told["beside"] = latents.new_zeros(count, self.normals, 1, *latents.shape[2:])
        read = self.words(wanted, guided=guided)
        return {branch: {**known, **told, "image": views[branch]} for branch, known in read.items()}
