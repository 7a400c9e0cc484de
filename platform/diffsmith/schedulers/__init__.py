"""The schedulers people know by name: rows of factors, one file a family."""

from . import (
    adams,
    cascade,
    cfg_pp,
    correcting,
    dpm_solver,
    edm,
    few_step,
    first_order,
    flow,
    karras,
    score,
    singlestep,
)

__all__ = ["SCHEDULERS"]

SCHEDULERS = [
    *first_order.SCHEDULERS,
    *adams.SCHEDULERS,
    *karras.SCHEDULERS,
    *dpm_solver.SCHEDULERS,
    *correcting.SCHEDULERS,
    *few_step.SCHEDULERS,
    *flow.SCHEDULERS,
    *edm.SCHEDULERS,
    *cascade.SCHEDULERS,
    *cfg_pp.SCHEDULERS,
    *score.SCHEDULERS,
    *singlestep.SCHEDULERS,
]
