"""Conditioners that are told a text, and how fast the clip is shown."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from diffsmith.conditioning import Branches, Conditioner, Wanted
from diffsmith.conditioning.conditioners import Skip, open_clip
from diffsmith.weights.components import Components

__all__ = ["videocrafter"]


def videocrafter(
    component: Components, *, clip_skip: Skip = 0, negative_clip_skip: Skip = 0, weighting: bool = True
) -> Conditioner:
    """OpenCLIP's states of a text, and frames a second, as VideoCrafter reads them (Chen et al. 2023).

    text [B, L, D]; fps [B].
    """
    words = open_clip(
        component, clip_skip=clip_skip, negative_clip_skip=negative_clip_skip, weighting=weighting
    )
    return _Timed(words)


@dataclass(frozen=True)
class _Timed:
    words: Conditioner

    @property
    def encoders(self) -> Mapping[str, nn.Module]:
        """The network that reads."""
        return self.words.encoders

    def __call__(self, wanted: Wanted, *, guided: bool) -> Branches:
        """Both branches are told the same speed."""
        fps = torch.full((len(wanted.prompts),), float(wanted.fps))
        read = self.words(wanted, guided=guided)
        return {branch: {**known, "fps": fps.to(known["text"].device)} for branch, known in read.items()}
