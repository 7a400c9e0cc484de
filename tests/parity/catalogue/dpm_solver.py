"""DPM-Solver and DPM-Solver++ multistep beside diffusers' class, which computes in float64 here."""

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import diffusers
from diffusers.schedulers import scheduling_dpmsolver_multistep as module
from torch import Tensor

from ..in_float64 import in_float64
from ..multistep_runs import NAMES, SPACINGS, listed, log_snrs_of, never_repeating, ours, theirs
from ..multistep_runs import told as levels_of
from ..references import difference, normal
from .case import EXACT, Case

STEPS = (1, 2, 3, 9, 20)
NAMED = {
    ("dpmsolver++", 2): "dpmpp_2m",
    ("dpmsolver++", 3): "dpmpp_3m",
    ("sde-dpmsolver++", 2): "dpmpp_2m_sde",
    ("sde-dpmsolver++", 3): "dpmpp_3m_sde",
}
REFERENCE = "diffusers DPMSolverMultistepScheduler"


class Corrected(diffusers.DPMSolverMultistepScheduler):
    """With the sign that k-diffusion has in the SDE of order 3: minus a half there, plus a half here."""

    def multistep_dpm_solver_third_order_update(self, outputs: list[Tensor], **given: Any) -> Tensor:
        """Theirs, and the second difference once more."""
        x: Tensor = super().multistep_dpm_solver_third_order_update(outputs, **given)
        if self.config.algorithm_type != "sde-dpmsolver++":
            return x
        sigmas = self.sigmas[self.step_index - 2 : self.step_index + 2]
        alphas, sigmas = self._sigma_to_alpha_sigma_t(sigmas)
        h_1, h_0, h = (alphas.log() - sigmas.log()).diff()
        oldest, older, newest = outputs
        bend = (newest - older) * h / h_0 - (older - oldest) * h / h_1
        return x + alphas[-1] * bend * h / (h_0 + h_1)


def cases() -> Iterator[Case]:
    """Every algorithm, at every prediction, spacing, order, kind and end."""
    for (algorithm, order), kind in product(NAMED, ("midpoint", "heun")):
        for steps in STEPS:
            yield _case(algorithm, order, kind, "v", "linspace", steps=steps)
    for (algorithm, order), prediction in product(NAMED, ("epsilon", "sample")):
        yield _case(algorithm, order, "midpoint", prediction, "trailing")
    for (algorithm, order), spacing in product(NAMED, SPACINGS):
        yield _case(algorithm, order, "midpoint", "epsilon", spacing)
    for algorithm, order in NAMED:
        yield _case(algorithm, order, "heun", "flow", "shifted", steps=9)
        yield _case(algorithm, order, "midpoint", "flow", "shifted", steps=20)
    yield from _ends()
    yield from _in_noise()


def _ends() -> Iterator[Case]:
    """Noise left at the end, where lower orders there show."""
    left = {"final_sigmas_type": "sigma_min"}
    for (algorithm, order), steps in product(NAMED, (2, 3, 9, 20)):
        for ends in ({}, {"lower_order_final": True}, {"euler_at_final": True}):
            yield _case(algorithm, order, "midpoint", "v", "linspace", steps=steps, ends=ends, **left)


def _in_noise() -> Iterator[Case]:
    """The forms that extrapolate the noise, which theirs refuses to take to no noise at all."""
    left = {"final_sigmas_type": "sigma_min"}
    for order, kind, steps in product((1, 2, 3), ("midpoint", "heun"), STEPS):
        yield _case("dpmsolver", order, kind, "v", "linspace", steps=steps, **left)
    for order, prediction, spacing in product((2, 3), ("epsilon", "sample"), SPACINGS):
        yield _case("dpmsolver", order, "midpoint", prediction, spacing, **left)
    for order, kind, steps in product((1, 2), ("midpoint", "heun"), (1, 3, 20)):
        yield _case("sde-dpmsolver", order, kind, "v", "linspace", steps=steps, **left)
    for prediction, spacing in product(("epsilon", "sample"), ("trailing", "karras")):
        yield _case("sde-dpmsolver", 2, "midpoint", prediction, spacing, **left)


def _case(
    algorithm: str,
    order: int,
    kind: str,
    prediction: str,
    spacing: str,
    *,
    steps: int = 9,
    ends: dict[str, bool] | None = None,
    **settings: Any,
) -> Case:
    name = NAMED.get((algorithm, order)) or {"dpmsolver": "dpm_solver"}.get(algorithm, "dpm_solver_sde")
    ends, left = ends or {}, "final_sigmas_type" in settings
    told = [f"order {order}" * (name.startswith("dpm_solver")), f"kind {kind}", f"{steps} steps", *ends]
    told += [levels_of(spacing)] * left + ["one sign of theirs corrected"] * (name == "dpmpp_3m_sde")
    run = partial(compared, name, algorithm, order, kind, prediction, spacing, steps, ends, **settings)
    path = "flow" if prediction == "flow" else "vp"
    placed = "recorded" if left else spacing
    return Case(name, ", ".join(filter(None, told)), prediction, path, placed, REFERENCE, run, EXACT)


def compared(
    name: str,
    algorithm: str,
    order: int,
    kind: str,
    prediction: str,
    spacing: str,
    steps: int,
    ends: dict[str, bool],
    **settings: Any,
) -> float:
    """The largest difference after any step."""
    flowing = prediction == "flow"
    flow = ({"use_flow_sigmas": True, "flow_shift": 3.0}, {"name": "shifted", "shift": 3.0, "first": 0.999})
    at_theirs, at_ours = flow if flowing else SPACINGS[spacing]
    draws = [normal(100 + k) for k in range(steps)] if algorithm.startswith("sde") else None
    with in_float64(module):
        scheduler = Corrected(
            algorithm_type=algorithm,
            solver_order=order,
            solver_type=kind,
            prediction_type=NAMES[prediction],
            **{"lower_order_final": False, **ends, **at_theirs, **settings},
        )
        scheduler.set_timesteps(steps)
        never_repeating(scheduler)
        reference = theirs(scheduler, draws)
    spaced = listed(scheduler) if "final_sigmas_type" in settings else at_ours
    options = {"order": order} if name.startswith("dpm_solver") else {}
    mine: list[Tensor] = ours(
        draws,
        log_snrs_of(scheduler),
        scheduler={"name": name, "kind": kind, **options, **ends},
        steps=steps,
        path="flow" if flowing else "vp",
        prediction=prediction,
        spacing=spaced,
    )
    return max(difference(a, b) for a, b in zip(mine, reference, strict=True))
