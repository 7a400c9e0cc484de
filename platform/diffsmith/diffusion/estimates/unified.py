"""UniPC's predictor (Zhao et al. 2023); its corrector is `unic`, for any solver."""

from functools import partial
from typing import Annotated

from pydantic import Field
from torch import Tensor

from ..denoiser import Denoise
from ..exponential import Form, Solver, held, simplified
from ..steps import Past, Step

__all__ = ["unipc"]


def unipc(  # noqa: PLR0913 — the four options of the method
    denoise: Denoise,
    x: Tensor,
    x0: Tensor,
    step: Step,
    *,
    order: Annotated[int, Field(ge=1, le=3)] = 2,
    solver: Solver = "bh2",
    lower_order_final: bool = True,
    form: Form = "data",
) -> Tensor:
    """The polynomial through the last estimates, UniP (Zhao et al. 2023, Algorithm 2; 1 evaluation a step).

    Of the given order; solver: B(h) of order 2 (bh2 there is `dpmpp_2m`). `lower_order_final` goes down to
    order 1 in the last step, one order a step. form: through clean estimates, or the noise they leave, as
    UniPC without predict_x0 has it; its corrector is for clean estimates.
    """
    if lower_order_final:
        order = min(order, step.total - step.number)
    now = Past(step.start, x, x0, step.down)
    return held(now, step.there, [now, *step.past[: order - 1]], partial(simplified, solver), form)
