"""Adams-Bashforth in log-SNR with the linear part taken exactly; one evaluation a step."""

from functools import partial
from typing import Annotated

from pydantic import Field
from torch import Tensor

from ..denoiser import Denoise
from ..exponential import Form, exact, held, simplified
from ..steps import Past, Step

__all__ = ["exponential_adams", "sa_solver"]


def exponential_adams(
    denoise: Denoise,
    x: Tensor,
    x0: Tensor,
    step: Step,
    *,
    order: Annotated[int, Field(ge=1, le=4)] = 3,
    form: Form = "data",
) -> Tensor:
    """The polynomial through the last one to four estimates, exactly (Hochbruck & Ostermann 2010).

    Of the given order but for the first step, Euler's: a corrector mends that, and then nothing keeps the
    error from falling so. form: through clean estimates, or the noise they leave.
    """
    now = Past(step.start, x, x0, step.down)
    return held(now, step.there, [now, *step.past[: order - 1]], exact, form)


def sa_solver(  # noqa: PLR0913 — the four options of the method
    denoise: Denoise,
    x: Tensor,
    x0: Tensor,
    step: Step,
    *,
    predictor_order: Annotated[int, Field(ge=1, le=4)] = 2,
    simple_order_2: bool = True,
    lower_order_final: bool = True,
    final_order: Annotated[int, Field(ge=0, le=4)] = 0,
) -> Tensor:
    """The polynomial through the last estimates, SA-Predictor (Xue et al. 2023, eq. 15; 1 evaluation a step).

    simple_order_2: the rescaling of appendix D. `lower_order_final` goes down, one order a step, to
    `final_order` in the last step: 0 where that only takes off what noise is left, 1 where noise stays.
    """
    if lower_order_final:
        predictor_order = max(1, min(predictor_order, final_order + step.total - 1 - step.number))
    now = Past(step.start, x, x0, step.down)
    means = partial(simplified, "bh1") if simple_order_2 else exact
    return held(now, step.there, [now, *step.past[: predictor_order - 1]], means)
