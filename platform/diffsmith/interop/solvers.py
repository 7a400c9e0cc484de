"""Which scheduler of ours a class of diffusers' is, with its options."""

from collections.abc import Callable
from typing import Any

import torch

from ..diffusion.schedules import NoiseSchedule
from ..errors import SpecError, unknown_name
from ..registry import default_registry
from ..specs import Choice
from .models import flowing, model
from .spaced import steps_lost

__all__ = ["solver"]

Config = dict[str, Any]
Part = dict[str, Any]


def solver(config: Config) -> Part:
    """The scheduler's name and options."""
    return _SOLVERS[config["class"].removesuffix("Scheduler").removesuffix("Parallel")](config)


def _ddpm(config: Config) -> Part:
    return {"name": "ddpm", "variance": config["variance_type"]}


def _inverse(config: Config) -> Part:
    held = {"v_prediction": "v"}.get(config["prediction_type"], "epsilon")
    return {"name": "ddim_inverse", "held": held}


def _pndm(config: Config) -> Part:
    start = {} if config["skip_prk_steps"] else {"start": "runge_kutta"}
    return {"name": "pndm", **start, **({"extrapolate": "v"} if _v(config) else {})}


def _v(config: Config) -> bool:
    return bool(config["prediction_type"] == "v_prediction")


def _multistep(config: Config) -> Part:
    """DPM-Solver and DPM-Solver++, as ODE and as SDE, by order."""
    algorithm, order = _algorithm(config), config["solver_order"]
    _within("solver_order", order, (1, 2, 3))
    if algorithm == "dpmsolver":
        return {"name": "dpm_solver", "order": order, **_kind(config), **_ending(config)}
    if algorithm == "sde-dpmsolver":
        _within("solver_order", order, (1, 2))
        return {"name": "dpm_solver_sde", "order": order, **_kind(config), **_ending(config)}
    sde = algorithm.startswith("sde")
    if order == 1:
        return {"estimate": "euler", **({"renoise": "sde"} if sde else {})}
    if order == 3:
        return {"name": "dpmpp_3m_sde" if sde else "dpmpp_3m", **_kind(config), **_ending(config)}
    return {"name": "dpmpp_2m_sde" if sde else "dpmpp_2m", **_kind(config), **_ending(config)}


def _algorithm(config: Config) -> str:
    known = ("dpmsolver++", "sde-dpmsolver++", "dpmsolver", "sde-dpmsolver")
    algorithm: str = config["algorithm_type"]
    algorithm = "dpmsolver++" if algorithm == "deis" else algorithm
    _within("algorithm_type", algorithm, known)
    if not algorithm.endswith("++") and config["final_sigmas_type"] == "zero":
        what = f"algorithm_type {algorithm} cannot step to no noise"
        raise SpecError([f"scheduler config: {what}; set final_sigmas_type to sigma_min"])
    return algorithm


def _kind(config: Config) -> Part:
    kind = config["solver_type"]
    _within("solver_type", kind, ("midpoint", "heun", "logrho", "bh1", "bh2"))
    return {"kind": kind if kind == "heun" else "midpoint"}


def _ending(config: Config) -> Part:
    """Rules for the last step; not for one that leads nowhere and so is left out here."""
    lowered = _lowered(config)
    euler = {"euler_at_final": True} if config.get("euler_at_final") and not steps_lost(config) else {}
    return {"lower_order_final": lowered, **euler}


def _lowered(config: Config) -> bool:
    """Whether the order falls at the end; not where the last step leads nowhere and so is left out here."""
    lowered = bool(config["lower_order_final"])
    if not steps_lost(config):
        return lowered
    if config["class"].startswith("DPMSolver") and flowing(config):
        what = "flow sigmas do not end where final_sigmas_type sigma_min says"
        raise SpecError(
            [f"scheduler config: {what}, and that end is not known here; take final_sigmas_type zero"]
        )
    if lowered and config["solver_order"] > 2:
        what = "solver_order 3 where the last level comes twice lowers its order one step sooner"
        raise SpecError([f"scheduler config: {what}, which is not known here; take solver_order 2"])
    return False


def _singlestep(config: Config) -> Part:
    form, order = _algorithm(config), config["solver_order"]
    _within("algorithm_type", form, ("dpmsolver++", "sde-dpmsolver++", "dpmsolver"))
    found: Part = {"name": "dpm_solver_singlestep", "order": order, "form": form, **_kind(config)}
    if steps_lost(config) and flowing(config):
        _lowered(config)
    return {**found, "lower_order_final": bool(config["lower_order_final"])}


def _unipc(config: Config) -> Part:
    if not config["predict_x0"]:
        raise SpecError(
            ["scheduler config: UniPC's corrector is not known for predict_x0 off; set it to true"]
        )
    if config["solver_p"] is not None:
        raise SpecError(["scheduler config: UniPC with a solver_p of its own is not known; leave it out"])
    kind = config["solver_type"]
    _within("solver_type", kind, ("bh1", "bh2", "midpoint", "heun", "logrho"))
    lowered = _lowered(config)
    options: Part = {"order": config["solver_order"], "solver": kind if kind == "bh1" else "bh2"}
    skipped = {"skip": tuple(config["disable_corrector"])} if config["disable_corrector"] else {}
    return {"name": "unipc", **options, "lower_order_final": lowered, **skipped}


def _deis(config: Config) -> Part:
    _within("solver_order", config["solver_order"], (1, 2, 3))
    lowered = _lowered(config)
    return {"name": "deis", "order": config["solver_order"], "lower_order_final": lowered}


def _sa(config: Config) -> Part:
    _within("algorithm_type", config["algorithm_type"], ("data_prediction",))
    if config["tau_func"] is not None:
        raise SpecError(["scheduler config: a tau_func cannot be read from a file; leave it out"])
    orders = {key: config[key] for key in ("predictor_order", "corrector_order")}
    last = 2 if steps_lost(config) else 1
    final = {"lower_order_final": True, "final_order": last} if config["lower_order_final"] else {}
    return {"name": "sa_solver", **orders, "lower_order_final": False, **final, **_interval(config)}


def _interval(config: Config) -> Part:
    """Fresh noise from timestep 800 to 200, as far as these are told, as noise to signal."""
    told = Choice.model_validate(model(config)["schedule"])
    schedule: NoiseSchedule = default_registry().bind("schedules", told)()
    if told.name == "flow":
        high, low = (801 - _LITTLE) / schedule.timesteps, (200 - _LITTLE) / schedule.timesteps
        return {"tau": 1.0, "tau_from": high / (1 - high), "tau_to": low / (1 - low), "tau_at": "start"}
    wider = (801 - _LITTLE, 200 - _LITTLE) if told.options.get("label") == "floored" else (800.5, 199.5)
    noisy, clean = (-schedule.at(torch.tensor(wider) / (schedule.timesteps - 1))).exp().tolist()
    return {"tau": 1.0, "tau_from": noisy, "tau_to": clean, "tau_at": "start"}


_LITTLE = 1e-6


def _flow_euler(config: Config) -> Part:
    return {"name": "flow_lcm" if config["stochastic_sampling"] else "flow_euler"}


def _flow_lcm(config: Config) -> Part:
    if config["scale_factors"]:
        raise SpecError(["scheduler config: scale_factors, which enlarge x on the way, are not known"])
    return {"name": "flow_lcm"}


def _edm_multistep(config: Config) -> Part:
    algorithm, order = config["algorithm_type"], config["solver_order"]
    _within("algorithm_type", algorithm, ("dpmsolver++", "sde-dpmsolver++", "deis"))
    _within("solver_order", order, (1, 2, 3))
    sde = algorithm.startswith("sde")
    if order == 2:
        eta = {"eta": 1.0} if sde else {}
        return {"name": "edm_dpmpp_2m", **eta, **_kind(config), **_ending(config)}
    return _multistep(config)


def _consistency(config: Config) -> Part:
    return {"name": "consistency", "sigma_min": config["sigma_min"], "s_noise": config["s_noise"]}


def _score_ve(config: Config) -> Part:
    options = {"snr": config["snr"], "corrector_steps": config["correct_steps"], "norms": "batch"}
    return {"name": "predictor_corrector", **options}


def _within(key: str, value: Any, known: tuple[Any, ...]) -> None:
    if value not in known:
        raise SpecError([unknown_name(f"scheduler config, {key}", value, [str(each) for each in known])])


def _plain(name: str, **options: Any) -> Callable[[Config], Part]:
    return lambda config: {"name": name, **options}


_SOLVERS: dict[str, Callable[[Config], Part]] = {
    "DDPM": _ddpm,
    "DDIM": _plain("ddim"),
    "DDIMInverse": _inverse,
    "PNDM": _pndm,
    "EulerDiscrete": _plain("euler"),
    "EulerAncestralDiscrete": _plain("euler_ancestral"),
    "HeunDiscrete": _plain("heun"),
    "LMSDiscrete": _plain("lms"),
    "KDPM2Discrete": _plain("dpm_2"),
    "KDPM2AncestralDiscrete": _plain("dpm_2_ancestral"),
    "DPMSolverSDE": _plain("dpmpp_sde"),
    "DPMSolverMultistep": _multistep,
    "DPMSolverSinglestep": _singlestep,
    "UniPCMultistep": _unipc,
    "DEISMultistep": _deis,
    "SASolver": _sa,
    "LCM": _plain("lcm"),
    "TCD": _plain("tcd"),
    "FlowMatchEulerDiscrete": _flow_euler,
    "FlowMatchHeunDiscrete": _plain("flow_heun"),
    "FlowMatchLCM": _flow_lcm,
    "EDMEuler": _plain("edm_euler"),
    "EDMDPMSolverMultistep": _edm_multistep,
    "CMStochasticIterative": _consistency,
    "DDPMWuerstchen": _plain("ddpm_wuerstchen"),
    "ScoreSdeVe": _score_ve,
    "ScoreSdeVp": _plain("euler_maruyama", strides="even", ending="noisy"),
    "IPNDM": _plain("ipndm_diffusers"),
}
