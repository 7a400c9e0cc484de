"""Conditioners that set a picture in motion as a text says."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from diffsmith.conditioning import Branches, Conditioner, Wanted
from diffsmith.conditioning.clip_vision import ClipVision, clip_vision, normalised, smoothly_resized
from diffsmith.conditioning.conditioners import Skip, open_clip
from diffsmith.errors import SpecError
from diffsmith.weights.components import Components

from .seeing import middle_square, shown
from .words_and_speed import videocrafter

__all__ = ["i2vgen", "videocrafter_image"]


def i2vgen(
    component: Components, *, clip_skip: Skip = 1, negative_clip_skip: Skip = 1, weighting: bool = True
) -> Conditioner:
    """OpenCLIP's states of a text and view of a picture, and its latents, as I2VGen-XL reads them.

    Its text encoder is published with the last layer, which is left out here unless asked for.

    text [B, L, D]; image [B, D]; beside [B, c, F, h, w], the latents, behind which every frame's place in the
    clip stands; fps [B] (Zhang et al. 2023).
    """
    words = open_clip(
        component, clip_skip=clip_skip, negative_clip_skip=negative_clip_skip, weighting=weighting
    )
    return _I2VGen(words, clip_vision(component))


def videocrafter_image(
    component: Components, *, clip_skip: Skip = 0, negative_clip_skip: Skip = 0, weighting: bool = True
) -> Conditioner:
    """OpenCLIP's states of a text and of a picture, and frames a second (Chen et al. 2023, VideoCrafter1).

    text [B, L, D]; image [B, 257, D'], the last layer's states; fps [B].
    """
    words = videocrafter(
        component, clip_skip=clip_skip, negative_clip_skip=negative_clip_skip, weighting=weighting
    )
    return _VideoCrafter(words, clip_vision(component))


@dataclass(frozen=True)
class _I2VGen:
    words: Conditioner
    eyes: ClipVision

    @property
    def encoders(self) -> Mapping[str, nn.Module]:
        """The network that reads, and the one that looks."""
        return {**self.words.encoders, "image_encoder": self.eyes.encoder}

    def __call__(self, wanted: Wanted, *, guided: bool) -> Branches:
        """Without the text its picture is not seen either, but its latents are as they were."""
        count, (original, picture) = len(wanted.prompts), shown(wanted)
        seen = self.eyes.embedding(
            normalised(middle_square(original, wanted.size[1], self.eyes.side))
        ).expand(count, -1)
        told = {
            "beside": _placed(wanted, picture).expand(count, -1, -1, -1, -1),
            "fps": seen.new_full((count,), wanted.fps),
        }
        views = {"conditional": seen, "unconditional": torch.zeros_like(seen)}
        read = self.words(wanted, guided=guided)
        return {branch: {**known, "image": views[branch], **told} for branch, known in read.items()}


def _placed(wanted: Wanted, picture: Tensor) -> Tensor:
    """The picture's latents as the first frame; in each other how far through the clip it is, from 0 to 1."""
    if wanted.encode is None:
        raise SpecError(["autoencoder: missing; the picture is shown to the network as latents"])
    latents = wanted.encode(picture)[:, :, None]  # [1, c, 1, h, w]
    places = torch.arange(1, wanted.frames, dtype=latents.dtype, device=latents.device)
    planes = (places / max(1, wanted.frames - 1))[:, None, None].expand(
        *latents.shape[:2], -1, *latents.shape[3:]
    )
    return torch.cat([latents, planes], dim=2)


@dataclass(frozen=True)
class _VideoCrafter:
    words: Conditioner
    eyes: ClipVision

    @property
    def encoders(self) -> Mapping[str, nn.Module]:
        """The network that reads, and the one that looks."""
        return {**self.words.encoders, "image_encoder": self.eyes.encoder}

    def __call__(self, wanted: Wanted, *, guided: bool) -> Branches:
        """Without the text a grey picture is seen in place of the one that was shown."""
        count, (original, _) = len(wanted.prompts), shown(wanted)
        small = smoothly_resized(original, self.eyes.side)
        pictures = {"conditional": small, "unconditional": torch.zeros_like(small)}
        read = self.words(wanted, guided=guided)
        seen = {branch: self.eyes.patches(normalised(pictures[branch])) for branch in read}
        return {
            branch: {**known, "image": seen[branch].expand(count, -1, -1)} for branch, known in read.items()
        }
