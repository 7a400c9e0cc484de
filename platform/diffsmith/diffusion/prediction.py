"""What networks are trained to output: rows of one table, used by sampling and by the loss alike."""

from collections.abc import Callable
from typing import Annotated, NamedTuple

from pydantic import Field
from torch import Tensor

from .levels import Level, blend
from .scalars import Number, sqrt

__all__ = ["Prediction", "edm", "epsilon", "flow", "sample", "score", "v"]


class Prediction(NamedTuple):
    """The network's output is a * x0 + b * noise; `mix` gives (a, b) at a level."""

    mix: Callable[[Level], tuple[Number, Number]]

    def target(self, x0: Tensor, noise: Tensor, level: Level) -> Tensor:
        """What the network should have answered."""
        a, b = self.mix(level)
        return blend(a, x0, b, noise)

    def x0(self, x: Tensor, out: Tensor, level: Level) -> Tensor:
        """The clean estimate in the network's answer `out` to noisy x."""
        of_x, of_out = self.reading(level)
        return blend(of_x, x, of_out, out)

    def reading(self, level: Level) -> tuple[Number, Number]:
        """The clean estimate is `of_x` * x + `of_out` * out."""
        a, b = self.mix(level)
        common = level.alpha * b - level.sigma * a
        return b / common, -level.sigma / common

    def slope(self, level: Level) -> Number:
        """How far the answer moves for a unit of x0, x being given: relates errors in the two spaces."""
        a, b = self.mix(level)
        return a - b * level.alpha / level.sigma

    def out(self, x: Tensor, x0: Tensor, level: Level) -> Tensor:
        """The answer that would have meant the clean estimate x0."""
        a, b = self.mix(level)
        return blend(b / level.sigma, x, a - level.alpha * b / level.sigma, x0)


def epsilon(*, negated: bool = False) -> Prediction:
    """The noise (Ho et al. 2020); negated, minus the noise, as NCSN++ answers in NVlabs/edm.

    Also: eps, noise, eps_prediction
    """
    return Prediction(lambda level: (0.0, -1.0) if negated else (0.0, 1.0))


def sample() -> Prediction:
    """The clean sample itself.

    Also: x0, x_0, x_prediction
    """
    return Prediction(lambda level: (1.0, 0.0))


def v() -> Prediction:
    """alpha * noise - sigma * x0 (Salimans & Ho 2022, appendix D).

    Also: v_prediction
    """
    return Prediction(lambda level: (-level.sigma, level.alpha))


def flow(*, negated: bool = False) -> Prediction:
    """The velocity noise - x0 of a straight flow (Lipman et al. 2022); negated, x0 - noise.

    Also: flow_prediction, velocity, rectified_flow
    """
    return Prediction(lambda level: (1.0, -1.0) if negated else (-1.0, 1.0))


def score() -> Prediction:
    """The gradient of the log-density, -noise / sigma (Song et al. 2020)."""
    return Prediction(lambda level: (0.0, -1 / level.sigma))


def edm(*, sigma_data: Annotated[float, Field(gt=0)] = 0.5, negated: bool = False) -> Prediction:
    """The unit-variance target of Karras et al. (2022, Table 1); negated, what diffusers calls its v."""
    sign = -1.0 if negated else 1.0

    def mix(level: Level) -> tuple[Number, Number]:
        # On the VE path at the same log-SNR; another path only rescales x, never the target.
        sigma = level.sigma / level.alpha
        r = sqrt(sigma**2 + sigma_data**2)
        return sign * sigma / (sigma_data * r), -sign * sigma_data / r

    return Prediction(mix)
