"""UniPC and SA-Solver beside diffusers' classes, which compute in float64 here."""

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import diffusers
import torch
from diffusers.schedulers import scheduling_sasolver, scheduling_unipc_multistep

from diffsmith.diffusion import schedules

from ..in_float64 import in_float64
from ..multistep_runs import NAMES, SPACINGS, listed, log_snrs_of, never_repeating, ours, theirs
from ..multistep_runs import told as levels_of
from ..references import difference, drawn, normal
from .case import EXACT, Case

SEED = 7
STEPS = (1, 2, 3, 9, 20)
FLOW = {
    "unipc": {"name": "shifted", "shift": 3.0, "last": "beyond", "sigma_max": 1 - 1e-6},
    "sa_solver": {"name": "shifted", "shift": 3.0, "first": 0.999},
}
UNIPC, SA = "diffusers UniPCMultistepScheduler", "diffusers SASolverScheduler"


def cases() -> Iterator[Case]:
    """Every order, kind, prediction, spacing and end."""
    yield from _unipc()
    yield from _sa_solver()


def _unipc() -> Iterator[Case]:
    for order, solver, steps in product((1, 2, 3), ("bh1", "bh2"), STEPS):
        if (solver, steps) != ("bh1", 1):  # where theirs is NaN, and nothing else
            yield _unipc_case("v", "linspace", steps, order=order, solver=solver)
    for spacing, prediction in product(SPACINGS, ("epsilon", "v", "sample")):
        if spacing != "lu":
            yield _unipc_case(prediction, spacing, order=3)
    for order, steps in product((2, 3), STEPS):
        yield _unipc_case("flow", "shifted", steps, order=order)
    for skip, order, left in product(((0,), (0, 1, 4), "all"), (2, 3), (False, True)):
        yield _unipc_case("epsilon", "karras", 9, left, order=order, skip=skip)
    for order, solver, steps in product((2, 3), ("bh1", "bh2"), (3, 9, 20)):
        yield _unipc_case("v", "linspace", steps, True, order=order, solver=solver, lower_order_final=False)
        yield _unipc_case("epsilon", "exponential", steps, True, order=order, solver=solver)

    for order, steps in product((1, 2, 3), (3, 9)):
        yield _in_noise(order, steps)


def _in_noise(order: int, steps: int) -> Case:
    """The form that extrapolates the noise, at order 1 and 2 that of another solver."""
    noise = {"name": "unipc", "form": "noise", "order": order, "skip": "all", "lower_order_final": False}
    scheduler = noise if order == 3 else {"name": "dpm_solver", "order": order}
    told = f"order {order}, {steps} steps, {levels_of('linspace')}, predict_x0 False and no corrector there"
    run = partial(unipc, "epsilon", "linspace", steps, True, scheduler, order=order, skip="all")
    return Case(str(scheduler["name"]), told, "epsilon", "vp", "recorded", UNIPC, run, EXACT)


def _unipc_case(prediction: str, spacing: str, steps: int = 9, left: bool = False, **options: Any) -> Case:
    told = [f"{name} {value}" for name, value in options.items()]
    told += [f"{steps} steps"] + [levels_of(spacing)] * left
    if options.get("solver") == "bh1" and not left:
        told.append("theirs is NaN in the last step, left out")
    run = partial(unipc, prediction, spacing, steps, left, **options)
    path = "flow" if prediction == "flow" else "vp"
    placed = "recorded" if left else spacing
    return Case("unipc", ", ".join(told), prediction, path, placed, UNIPC, run, EXACT)


def unipc(
    prediction: str,
    spacing: str,
    steps: int,
    left: bool,
    scheduler_of_ours: dict[str, Any] | None = None,
    **options: Any,
) -> float:
    """The largest difference of x in any step, in float64; all but the last where that is NaN."""
    flowing, skip = prediction == "flow", options.get("skip", ())
    at_theirs = {"use_flow_sigmas": True, "flow_shift": 3.0} if flowing else SPACINGS[spacing][0]
    with in_float64(scheduling_unipc_multistep):
        scheduler = diffusers.UniPCMultistepScheduler(
            solver_order=options["order"],
            solver_type=options.get("solver", "bh2"),
            predict_x0=scheduler_of_ours is None,
            lower_order_final=options.get("lower_order_final", scheduler_of_ours is None),
            disable_corrector=list(range(steps)) if skip == "all" else list(skip),
            prediction_type=NAMES[prediction],
            final_sigmas_type="sigma_min" if left else "zero",
            **at_theirs,
        )
        scheduler.set_timesteps(steps)
        never_repeating(scheduler)
        reference = theirs(scheduler)
    mine = ours(
        scheduler=scheduler_of_ours or {"name": "unipc", **options},
        steps=steps,
        path="flow" if flowing else "vp",
        prediction=prediction,
        spacing=listed(scheduler) if left else FLOW["unipc"] if flowing else SPACINGS[spacing][1],
    )
    assert all(x.isfinite().all() for x in mine)
    assert len(mine) == len(reference)
    known = [(a, b) for a, b in zip(mine, reference, strict=True) if b.isfinite().all()]
    assert len(known) >= len(mine) - (options.get("solver") == "bh1")
    return max(difference(a, b) for a, b in known)


def _sa_solver() -> Iterator[Case]:
    for predictor, corrector, steps in product((1, 2, 3, 4), (1, 2, 3, 4), (3, 9)):
        yield _sa_case("v", "linspace", steps, predictor, corrector)
    for steps, final in product(STEPS, (True, False)):
        yield _sa_case("epsilon", "linspace", steps, 3, 4, lower_order_final=final)
    for spacing, prediction in product(SPACINGS, ("epsilon", "v", "sample")):
        if spacing != "lu":
            yield _sa_case(prediction, spacing, 9, 2, 2)
    for steps in STEPS:
        yield _sa_case("flow", "shifted", steps, 3, 3)


def _sa_case(
    prediction: str, spacing: str, steps: int, predictor: int, corrector: int, **options: bool
) -> Case:
    told = [f"orders {predictor} and {corrector}", f"{steps} steps", "tau 1 from timestep 800 to 200"]
    told.append(levels_of(spacing))
    told += [f"{name} {value}" for name, value in options.items()]
    run = partial(sa_solver, prediction, spacing, steps, predictor, corrector, **options)
    path = "flow" if prediction == "flow" else "vp"
    return Case("sa_solver", ", ".join(told), prediction, path, "recorded", SA, run, EXACT)


def sa_solver(
    prediction: str, spacing: str, steps: int, predictor: int, corrector: int, **options: bool
) -> float:
    """The largest difference of x in any step; theirs draws noise in every one, and always leaves some."""
    flowing = prediction == "flow"
    at_theirs = {"use_flow_sigmas": True, "flow_shift": 3.0} if flowing else SPACINGS[spacing][0]
    with in_float64(scheduling_sasolver):
        scheduler = diffusers.SASolverScheduler(
            predictor_order=predictor,
            corrector_order=corrector,
            prediction_type=NAMES[prediction],
            **at_theirs,
            **options,
        )
        scheduler.set_timesteps(steps)
        never_repeating(scheduler)
        generator = torch.Generator().manual_seed(SEED)
        reference = theirs(scheduler, generator=generator)
    draw, visited = drawn(SEED), log_snrs_of(scheduler)
    mine = ours(
        [draw(normal(0), None, None) for _ in range(steps)],
        visited,
        scheduler={
            "name": "sa_solver",
            "predictor_order": predictor,
            "corrector_order": corrector,
            "final_order": 1,
            **interval(flowing),
            **options,
        },
        path="flow" if flowing else "vp",
        prediction=prediction,
        spacing=listed(scheduler),
    )
    return max(difference(a, b) for a, b in zip(mine, reference, strict=True))


def interval(flowing: bool) -> dict[str, Any]:
    """Their timesteps 800 to 200 in noise to signal, half a timestep wider as theirs are whole."""
    schedule = schedules.vp()
    if flowing:  # theirs are 1000 sigma, rounded down
        high, low = 0.801 - 1e-9, 0.2 - 1e-9
        bounds = [high / (1 - high), low / (1 - low)]
    else:
        times = torch.tensor([800.5, 199.5], dtype=torch.float64) / 999
        bounds = (-schedule.at(times)).exp().tolist()
    return {"tau": 1.0, "tau_from": bounds[0], "tau_to": bounds[1], "tau_at": "start"}
