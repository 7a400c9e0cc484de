"""Conditioners of several views of one thing: told where each is taken from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from diffsmith.conditioning import Branches, Conditioner, Wanted
from diffsmith.conditioning.conditioners import clip, open_clip
from diffsmith.weights.components import Components

from ..cameras import flattened, orbit

__all__ = ["mvdream"]

Angle = Annotated[float, Field(ge=-360, le=360)]


def mvdream(
    component: Components,
    *,
    elevation: Annotated[Angle, Field(description="of the cameras above the ground, in degrees")] = 15.0,
    azimuth: Annotated[Angle, Field(description="of the first camera")] = 90.0,
    span: Annotated[Angle, Field(description="of all of them together")] = 360.0,
    weighting: bool = True,
) -> Conditioner:
    """CLIP's states of a text, and cameras around what it says, as MVDream reads them (Shi et al. 2023).

    text [B, L, D]; camera [B, V, 16]. The encoder is OpenCLIP's or OpenAI's, whichever lies there.
    """
    encoder = component("text_encoder")
    theirs = encoder is not None and encoder.config.get("hidden_act") == "gelu"
    words = (open_clip if theirs else clip)(component, weighting=weighting)
    return _Around(words, elevation, azimuth, span)


@dataclass(frozen=True)
class _Around:
    words: Conditioner
    elevation: float
    azimuth: float
    span: float

    @property
    def encoders(self) -> Mapping[str, nn.Module]:
        """The network that reads."""
        return self.words.encoders

    def __call__(self, wanted: Wanted, *, guided: bool) -> Branches:
        """Both branches are seen from the same places."""
        read = self.words(wanted, guided=guided)
        cameras = self._cameras(wanted).expand(len(wanted.prompts), -1, -1)
        return {
            branch: {**known, "camera": cameras.to(known["text"].device)} for branch, known in read.items()
        }

    def _cameras(self, wanted: Wanted) -> Tensor:
        around = orbit(wanted.frames, elevation=self.elevation, azimuth=self.azimuth, span=self.span)
        return flattened(around)[None]
