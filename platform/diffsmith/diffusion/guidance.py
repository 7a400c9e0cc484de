"""Guidance: a clean estimate made of the network's answers with and without the condition."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from .answers import Answer
from .denoiser import Denoise
from .levels import Level
from .prediction import Prediction

__all__ = ["Ask", "Guidance", "cfg", "cfg_pp", "embedded", "framewise", "none"]

Ask = Callable[..., tuple[Tensor, ...]]
"""(x, level, *branches, **told) -> one clean estimate a branch, all from a single batch.

Branches are "conditional" and "unconditional"; models may bring more. `told` are numbers that the network
reads beside its condition.
"""

Guidance = Callable[[Ask, Prediction], Denoise]


def none(ask: Ask, prediction: Prediction) -> Denoise:
    """Ask with the condition, once a step."""

    def denoise(x: Tensor, level: Level) -> Tensor:
        return ask(x, level, "conditional")[0]

    return denoise


def cfg(
    ask: Ask,
    prediction: Prediction,
    *,
    scale: Annotated[float, Field(ge=0, le=100)] = 2.0,
    rescale: Annotated[float, Field(ge=0, le=1)] = 0.0,
    interval: tuple[float, float] = (0.0, float("inf")),
) -> Denoise:
    """Classifier-free guidance (Ho & Salimans 2022): two branches, pushed apart by `scale`.

    rescale: how far the spread of the answer is pulled back to the conditional one's (Lin et al. 2024,
    section 3.4). interval: the noise levels sigma / alpha, from and to, that are guided (Kynkäänniemi
    et al. 2024).
    """
    low, high = interval

    def denoise(x: Tensor, level: Level) -> Tensor:
        if scale == 1 or not low <= level.ratio <= high:
            return ask(x, level, "conditional")[0]
        wanted, plain = ask(x, level, "conditional", "unconditional")
        guided = plain + scale * (wanted - plain)
        return _rescaled(prediction, x, guided, wanted, level, rescale) if rescale else guided

    return denoise


def cfg_pp(
    ask: Ask, prediction: Prediction, *, scale: Annotated[float, Field(ge=0, le=100)] = 0.6
) -> Denoise:
    """CFG++: the clean estimate is guided, the noise is the unconditional one (Chung et al. 2024).

    scale: the paper's lambda, from 0 to 1; programs that allow more stay below 2.
    """
    return _Pushed(ask, scale)


def framewise(
    ask: Ask,
    prediction: Prediction,
    *,
    first: Annotated[float, Field(ge=0, le=100)] = 1.0,
    last: Annotated[float, Field(ge=0, le=100)] = 3.0,
) -> Denoise:
    """Classifier-free guidance whose scale grows along a clip (Blattmann et al. 2023, SVD, appendix D.3).

    first: the scale of the first frame, which the model was shown. last: that of the last frame; those
    between grow evenly. x is [B, C, F, H, W].
    """

    def denoise(x: Tensor, level: Level) -> Tensor:
        if first == last == 1:
            return ask(x, level, "conditional")[0]
        wanted, plain = ask(x, level, "conditional", "unconditional")
        scale = torch.linspace(first, last, x.shape[2], dtype=x.dtype, device=x.device)
        return plain + scale[:, None, None] * (wanted - plain)

    return denoise


def embedded(
    ask: Ask, prediction: Prediction, *, scale: Annotated[float, Field(ge=0, le=100)] = 8.5
) -> Denoise:
    """Guidance that the network has learnt, told to it as a number (Meng et al. 2023; Luo et al. 2023)."""

    def denoise(x: Tensor, level: Level) -> Tensor:
        return ask(x, level, "conditional", guidance=scale)[0]

    return denoise


@dataclass(frozen=True, slots=True)
class _Pushed:
    ask: Ask
    scale: float

    def __call__(self, x: Tensor, level: Level) -> Tensor:
        return self.ask(x, level, "unconditional")[0]

    def answer(self, x: Tensor, level: Level) -> Answer:
        wanted, plain = self.ask(x, level, "conditional", "unconditional")
        return Answer(plain, (wanted - plain).mul_(self.scale))


def _rescaled(
    prediction: Prediction, x: Tensor, guided: Tensor, wanted: Tensor, level: Level, share: float
) -> Tensor:
    """Compare spreads where the network answers, as the paper does, then read the clean estimate again."""
    answer, target = prediction.out(x, guided, level), prediction.out(x, wanted, level)
    matched = answer * (_spread(target) / _spread(answer))
    return prediction.x0(x, share * matched + (1 - share) * answer, level)


def _spread(x: Tensor) -> Tensor:
    return x.std(dim=tuple(range(1, x.ndim)), keepdim=True)
