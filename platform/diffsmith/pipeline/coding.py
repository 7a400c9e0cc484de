"""Data in the network's space, and back; clips a few frames at a time."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from ..autoencoders import Autoencoder, encoded, sliced, tiled
from ..engine import device_of, visiting
from ..modality import Modality
from ..specs import EngineSpec

__all__ = ["Coding"]

_CLIP = 5  # dimensions of clips [B, C, F, H, W]
_AT_ONCE = 8  # frames, where an autoencoder looks at each alone
_GLANCE = 4  # frames that a preview shows


@dataclass(frozen=True)
class Coding:
    """What stands between a network and what people see; preview: a small autoencoder, for looks."""

    modality: Modality
    autoencoder: Autoencoder | None
    preview: Autoencoder | None
    engine: EngineSpec

    @torch.no_grad()
    def encoded(self, x: Tensor) -> Tensor:
        """Pixels [B, C, (F,) H, W] in [-1, 1] in network space."""
        if self.autoencoder is None:
            return x
        with _there(self.autoencoder, self.engine):
            suited, at_once = _suited(x, self.autoencoder), self.engine.decode_frames or _AT_ONCE
            return encoded(self._in_parts(self.autoencoder), suited, at_once).to(x)

    def raw(self, x: Tensor) -> Tensor:
        """Pixels [B, C, H, W] as the autoencoder gives them, before they are scaled for the network."""
        unscaled = getattr(self.autoencoder, "scaling", None)
        return self.encoded(x) if unscaled is None else unscaled.unscaled(self.encoded(x))

    @torch.no_grad()
    def decoded(self, x: Tensor, quickly: bool = False) -> Tensor:
        """Network space as the modality's data, on the CPU; quickly: a few frames, by the preview."""
        decoder = (self.preview if quickly else None) or self.autoencoder
        x = x[:, :, :: max(1, x.shape[2] // _GLANCE)] if quickly and x.ndim == _CLIP else x
        if decoder is None:
            return self.modality.decode(x.cpu())
        with _there(decoder, self.engine):
            if x.ndim < _CLIP:
                decode = self._in_parts(decoder).decode
                return self.modality.decode(decode(_suited(x, decoder)).float().cpu())
            return torch.stack([torch.cat([*self._frames(clip, decoder)]) for clip in x])

    def _frames(self, clip: Tensor, decoder: Autoencoder) -> Iterator[Tensor]:
        """Of one clip [c, F, h, w], some at a time, so that the memory does not grow with their number."""
        together = getattr(decoder, "temporal", False)
        at_once = self.engine.decode_frames or (clip.shape[1] if together else _AT_ONCE)
        decode = self._in_parts(decoder).decode
        for part in torch.split(clip.movedim(1, 0), at_once):
            pixels = decode(_suited(part, decoder)).float().cpu()
            yield self.modality.decode(pixels.movedim(0, 1)[None])[0]

    def _in_parts(self, autoencoder: Autoencoder) -> Autoencoder:
        if self.engine.decode == "sliced" and getattr(autoencoder, "temporal", False):
            return autoencoder  # it looks along the frames, which come in parts already
        return _DECODING[self.engine.decode](autoencoder)


_DECODING: dict[str, Callable[[Autoencoder], Autoencoder]] = {
    "whole": lambda autoencoder: autoencoder,
    "sliced": sliced,
    "tiled": tiled,
}


def _there(autoencoder: Autoencoder, engine: EngineSpec) -> AbstractContextManager[None]:
    """With its weights on the device, where the engine keeps them elsewhere."""
    if not engine.offload:
        return nullcontext()
    return visiting(cast(nn.Module, autoencoder), device_of(engine.device))


def _suited(x: Tensor, network: Any) -> Tensor:
    """Where and as the network wants it."""
    weight = next(network.parameters(), None)
    return x.to(torch.float32) if weight is None else x.to(weight)
