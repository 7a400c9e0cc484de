"""Conditioners that set a picture in motion."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from diffsmith.conditioning import Branches, Conditioner, Wanted
from diffsmith.conditioning.clip_vision import ClipVision, clip_vision, normalised, smoothly_resized
from diffsmith.errors import SpecError
from diffsmith.weights.components import Components

from .seeing import shown

__all__ = ["svd"]


def svd(
    component: Components,
    *,
    motion: Annotated[float, Field(ge=0, le=1023, description="how much moves: the bucket")] = 127,
    augment: Annotated[float, Field(ge=0, le=10, description="deviation of noise on the picture")] = 0.02,
) -> Conditioner:
    """CLIP's view of a picture, its latents, and how it moves, as SVD is told (Blattmann et al. 2023).

    text [B, 1, D]; beside [B, c, 1, h, w], the latents before scaling; numbers [B, 3]: frames a second less
    one, motion, augment.
    """
    return _Svd(clip_vision(component), motion, augment)


@dataclass(frozen=True)
class _Svd:
    eyes: ClipVision
    motion: float
    augment: float

    @property
    def encoders(self) -> Mapping[str, nn.Module]:
        """The network that looks."""
        return {"image_encoder": self.eyes.encoder}

    def __call__(self, wanted: Wanted, *, guided: bool) -> Branches:
        """Without the picture its view and its latents are zeros."""
        count, (original, picture) = len(wanted.prompts), shown(wanted)
        seen = self.eyes.embedding(normalised(smoothly_resized(original, self.eyes.side)))
        text = seen[:, None].expand(count, -1, -1)
        beside = self._latents(wanted, picture.expand(count, -1, -1, -1))[:, :, None]
        numbers = text.new_tensor([wanted.fps - 1, self.motion, self.augment]).expand(count, -1)
        told = {"text": text, "beside": beside, "numbers": numbers}
        if not guided:
            return {"conditional": told}
        nothing = {"text": torch.zeros_like(text), "beside": torch.zeros_like(beside), "numbers": numbers}
        return {"conditional": told, "unconditional": nothing}

    def _latents(self, wanted: Wanted, picture: Tensor) -> Tensor:
        if wanted.raw is None or wanted.noise is None:
            raise SpecError(["autoencoder: missing; the picture is shown to the network as latents"])
        return wanted.raw(picture + self.augment * wanted.noise(picture))
