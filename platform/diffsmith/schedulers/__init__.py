"""The schedulers people know by name: rows of factors, one file a family."""

from . import dpm_solver, few_step, first_order, flow, karras

__all__ = ["SCHEDULERS"]

SCHEDULERS = [
    *first_order.SCHEDULERS,
    *karras.SCHEDULERS,
    *dpm_solver.SCHEDULERS,
    *few_step.SCHEDULERS,
    *flow.SCHEDULERS,
]
