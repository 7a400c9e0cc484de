"""Which noise levels a sampler visits: functions (schedule, steps) -> log-SNRs [steps + 1], noise to clean.

They know nothing of solvers, so every spacing works with every one. All end at +inf: no noise is left.
"""

from .flows import dynamic_shift, linear_quadratic, shifted
from .sigmas import beta, exponential, karras, kl_optimal, laplace, polyexponential
from .tables import align_your_steps, explicit_log_snrs, explicit_sigmas, explicit_timesteps
from .timesteps import crash, ddim_uniform, lcm, leading, linspace, quadratic, sgm_uniform, simple, trailing

__all__ = [
    "align_your_steps",
    "beta",
    "crash",
    "ddim_uniform",
    "dynamic_shift",
    "explicit_log_snrs",
    "explicit_sigmas",
    "explicit_timesteps",
    "exponential",
    "karras",
    "kl_optimal",
    "laplace",
    "lcm",
    "leading",
    "linear_quadratic",
    "linspace",
    "polyexponential",
    "quadratic",
    "sgm_uniform",
    "shifted",
    "simple",
    "trailing",
]
