"""Samplers that follow the score: a predictor between the levels, Langevin steps at each of them."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field
from torch import Tensor

from ...errors import SpecError
from ..answers import answer
from ..denoiser import Denoise
from ..levels import blend
from ..noise import Noise
from ..scalars import sqrt
from ..schedules import NoiseSchedule
from ..trajectory import Frame, begun
from .langevin import Corrector, Norms, langevin_step, step_size
from .predictors import Ending, Predictor, Strides, Variance, moves

__all__ = ["annealed_langevin", "euler_maruyama", "score_sde"]

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


def score_sde(  # noqa: PLR0913 — the five that a walk needs, and the options
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    predictor: Predictor = "reverse_diffusion",
    corrector: Corrector = "langevin",
    snr: Positive = 0.15,
    corrector_steps: Count = 1,
    norms: Norms = "sample",
    variance: Variance = "fixed_small",
    strides: Strides = "levels",
    ending: Ending = "clean",
) -> Iterator[Frame]:
    """Langevin steps at each level, then a step of the reverse SDE (Song et al. 2020, Algorithm 1).

    norms: langevin's step is sized for each sample, or by the means over the batch, as the paper's program
    does. variance: of ancestral_sampling, the posterior's or the forward step's. strides: euler_maruyama's,
    from level to level, or one over their count whatever lies between. ending: into no noise at all, take
    the clean estimate, the predictor's mean, or that with its noise.
    """
    if predictor == corrector == "none":
        raise SpecError(["scheduler: with neither a predictor nor a corrector nothing would move"])
    planned = moves(predictor, schedule, log_snrs, variance=variance, strides=strides, ending=ending)
    levels = [schedule.path(log_snr) for log_snr in log_snrs.tolist()]
    size, corrections = step_size(corrector, snr, norms), 0 if corrector == "none" else corrector_steps
    begin, x, _ = begun(x)
    for index in range(begin, len(planned)):
        (here, there), move = levels[index : index + 2], planned[index]
        for _ in range(corrections):
            x0 = denoise(x, here)
            x = langevin_step(x, x0, here, there, noise, size)
        if predictor != "none" or move.of_x0:
            x0, push, _ = answer(denoise, x, here)
            x = blend(move.of_x, x, move.of_x0, x0)
            if push is not None:
                x, x0 = x.add(push, alpha=there.alpha), x0 + push
        if move.noise:
            x = x + move.noise * noise(x, here, there)
        yield Frame(index, there, x, x0)


def euler_maruyama(
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    strides: Strides = "levels",
    ending: Ending = "clean",
) -> Iterator[Frame]:
    """The reverse SDE by its drift and noise at each level (Song et al. 2020, appendix D.1).

    strides: from level to level, or one over their count whatever lies between, as the paper's program
    has it. ending: into no noise at all, take the clean estimate, the step's mean, or that with its noise.
    """
    chosen = {"predictor": "euler_maruyama", "corrector": "none", "strides": strides, "ending": ending}
    return score_sde(denoise, x, schedule, log_snrs, noise, **chosen)  # type: ignore[arg-type]


def annealed_langevin(  # noqa: PLR0913 — the five that a walk needs, and the options
    denoise: Denoise,
    x: Tensor | Frame,
    schedule: NoiseSchedule,
    log_snrs: Tensor,
    noise: Noise,
    *,
    step_lr: Positive = 2e-5,
    n_steps_each: Count = 100,
    ending: Ending = "clean",
) -> Iterator[Frame]:
    """Nothing but Langevin steps, shorter at each cleaner level (Song & Ermon 2019, Algorithm 1).

    step_lr: their size at the last level with noise. ending: into no noise at all, take the clean estimate
    (Jolicoeur-Martineau et al. 2021), or, "mean" and "noisy" alike, leave x as the last step left it.
    """
    levels = [schedule.path(log_snr) for log_snr in log_snrs.tolist()]
    least = min(level.sigma for level in levels if level.sigma > 0)
    chosen = {"predictor": "none", "corrector": "ald", "snr": sqrt(step_lr / 2) / least, "ending": ending}
    return score_sde(denoise, x, schedule, log_snrs, noise, corrector_steps=n_steps_each, **chosen)
