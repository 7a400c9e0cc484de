"""Better places for x, once the clean estimate there is known: what a corrector adds to any solver.

Each repeats the last step, with the polynomial now going through the new estimate too. The estimate itself
is not asked again. A step that leaves no noise needs no correction, nor does x once noise was lifted.
"""

from functools import partial
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor

from .exponential import Means, Solver, exact, held, simplified
from .levels import carry
from .steps import Past, Step

__all__ = ["sa_corrector", "unic"]


def unic(
    x: Tensor,
    x0: Tensor,
    step: Step,
    *,
    order: Annotated[int, Field(ge=1, le=3)] = 2,
    solver: Solver = "bh2",
    lower_order_final: bool = True,
    skip: tuple[int, ...] | Literal["all"] = (),
) -> Tensor:
    """Correct by one estimate more than the step had, UniC (Zhao et al. 2023, Algorithm 1; no evaluation).

    Raises the solver's order by one. skip: numbers of the steps, from 0, that are left as they are.
    """
    number = step.number - 1
    if skip == "all" or number in skip or step.there.sigma == 0:
        return x
    if lower_order_final:
        order = min(order, step.total - number)
    return _repeated(x, x0, step, order + 1, partial(simplified, solver))


def sa_corrector(  # noqa: PLR0913 — the five options of the method
    x: Tensor,
    x0: Tensor,
    step: Step,
    *,
    corrector_order: Annotated[int, Field(ge=0, le=4)] = 2,
    simple_order_2: bool = True,
    lower_order_final: bool = True,
    final_order: Annotated[int, Field(ge=0, le=4)] = 0,
    lower_sooner: bool = False,
) -> Tensor:
    """Correct with the same noise added again, SA-Corrector (Xue et al. 2023, eq. 18; no evaluation).

    Through `corrector_order` estimates, this one among them; 0 corrects nothing. At the end one more than
    the corrected step had; lower_sooner: as many as the next one has and one more, as ComfyUI counts.
    """
    if lower_order_final:
        left = step.total - step.number + (not lower_sooner)
        corrector_order = min(corrector_order, final_order + left)
    if corrector_order == 0 or step.there.sigma == 0:
        return x
    means = partial(simplified, "bh1") if simple_order_2 else exact
    return _repeated(x, x0, step, corrector_order, means)


def _repeated(x: Tensor, x0: Tensor, step: Step, count: int, means: Means) -> Tensor:
    """The last step again, through `count` estimates, the present one first."""
    if step.lift:
        return x
    now, before = Past(step.here, x, x0, step.down), step.past[0]
    estimate = held(before, step.here, [now, *step.past][:count], means)
    better = carry(before.x, estimate, before.level, before.down)
    return better if before.added is None else better + before.added
