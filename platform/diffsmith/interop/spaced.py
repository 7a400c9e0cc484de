"""Which levels a scheduler config visits, as a spacing."""

import math
from collections.abc import Callable
from typing import Any

from ..errors import SpecError, unknown_name
from .models import clean_flow_time, flowing, resized, spaced_by_sigma

__all__ = ["spacing", "steps_lost"]

Config = dict[str, Any]
Part = dict[str, Any]

_BY_TIMESTEPS = ("leading", "trailing", "linspace")


def spacing(config: Config) -> Part:
    """The spacing, and where its last step leads."""
    name = config["class"].removesuffix("Scheduler").removesuffix("Parallel")
    placed = _OWN[name](config)
    return {**placed, **({} if (final := _final(config)) == "zero" else {"final": final})}


def steps_lost(config: Config) -> bool:
    """Whether the class takes a last step that leads nowhere, which a spacing of ours leaves out."""
    reached = spaced_by_sigma(config) or flowing(config) or "sigma_schedule" in config
    return _final(config) != "zero" and bool(reached)


def _final(config: Config) -> str:
    if config["class"] in ("DDPMWuerstchenScheduler", "CMStochasticIterativeScheduler"):
        return "sigma_min"
    if config["class"] in ("DEISMultistepScheduler", "SASolverScheduler"):
        return "listed" if flowing(config) else "sigma_min"
    if config["class"] == "TCDScheduler":
        return "sigma_min"
    if config.get("set_alpha_to_one", True) is False and config["class"] != "LCMScheduler":
        return "sigma_min"
    final = config.get("final_sigmas_type", "zero")
    if final not in ("zero", "sigma_min"):
        raise SpecError([unknown_name("scheduler config, final_sigmas_type", final, ["zero", "sigma_min"])])
    return "listed" if final != "zero" and flowing(config) else final


def _chosen(config: Config) -> str:
    name: str = config["timestep_spacing"]
    if name not in _BY_TIMESTEPS:
        raise SpecError([unknown_name("scheduler config, timestep_spacing", name, _BY_TIMESTEPS)])
    return name


def _by_timesteps(config: Config) -> Part:
    """DDPM, DDIM, PNDM: whole timesteps."""
    name = _chosen(config)
    options = {"leading": {"offset": config["steps_offset"]}, "linspace": {"whole": True}}
    return {"name": name, **options.get(name, {})}


def _in_sigma(config: Config) -> Part:
    """Euler, Heun and their like: timesteps, or between the first and the last of them."""
    name, sized = _chosen(config), spaced_by_sigma(config)
    offset = {"offset": config["steps_offset"]} if name == "leading" else {}
    if config.get("interpolation_type", "linear") == "log_linear":
        if not sized:
            what = "interpolation_type log_linear tells the network other timesteps than those it visits"
            raise SpecError([f"scheduler config: {what}; set use_exponential_sigmas instead"])
        name = "linspace"
    if not sized:
        return {"name": name, **offset}
    within = {} if name == "linspace" else {"within": name, **offset}
    return {"name": sized, **_ends(config), **within}


def _in_log_snr(config: Config) -> Part:
    """The solvers: the clean end is where the last step leads, or the noise of the whole training."""
    if flowing(config):
        return _solver_flow(config)
    if sized := spaced_by_sigma(config) or ("exponential" if config.get("use_lu_lambdas") else ""):
        return {"name": sized, **_ends(config)}
    name = _chosen({"timestep_spacing": "linspace", **config})
    least = config.get("lambda_min_clipped", -math.inf)
    clipped = {} if least is None or math.isinf(least) else {"log_snr_min": float(least)}
    options: dict[str, Part] = {
        "leading": {"offset": config.get("steps_offset", 0), "closed": False},
        "linspace": {"whole": True, "closed": False},
    }
    return {"name": name, **options.get(name, {}), **clipped}


def _solver_flow(config: Config) -> Part:
    if config["class"] == "UniPCMultistepScheduler":
        options = {"last": "beyond", "sigma_max": 1 - 1e-6, **_terminal(config)}
        if config["use_dynamic_shifting"]:
            return {"name": "dynamic_shift", "kind": config["time_shift_type"], **options}
        return {"name": "shifted", "shift": config["flow_shift"], **options}
    first = 1 - 1 / config["num_train_timesteps"]
    return {"name": "shifted", "shift": config["flow_shift"], "first": first}


def _ends(config: Config) -> Part:
    return {key: config[key] for key in ("sigma_min", "sigma_max") if config.get(key) is not None}


def _terminal(config: Config) -> Part:
    return {"terminal": config["shift_terminal"]} if config.get("shift_terminal") else {}


def _few_steps(config: Config) -> Part:
    return {"name": "lcm", "original": config["original_inference_steps"]}


def _flow_match(config: Config) -> Part:
    dynamic, handed = config.get("use_dynamic_shifting"), config["pipeline_sigmas"]
    last = {} if handed else {"last": "training"}
    if sized := spaced_by_sigma(config):
        if dynamic or handed:
            what = f"use_{sized}_sigmas has no ends before the number of steps is known"
            raise SpecError([f"scheduler config: {what}; leave it out, or use_dynamic_shifting"])
        clean = config.get("shift_terminal") or resized(clean_flow_time(config), config["shift"])
        return {"name": sized, "sigma_min": clean, "sigma_max": 1.0}
    if not dynamic:
        return {"name": "shifted", "shift": config["shift"], **last, **_terminal(config)}
    line = {
        "base_shift": config["base_shift"],
        "max_shift": config["max_shift"],
        "base_sequence": config["base_image_seq_len"],
        "max_sequence": config["max_image_seq_len"],
        "sequence": config["max_image_seq_len"],
        "kind": config["time_shift_type"],
    }
    return {"name": "dynamic_shift", **line, **last, **_terminal(config)}


def _edm(config: Config) -> Part:
    kind = config["sigma_schedule"]
    if kind not in ("karras", "exponential"):
        raise SpecError([unknown_name("scheduler config, sigma_schedule", kind, ["karras", "exponential"])])
    return {"name": kind, **({"rho": config["rho"]} if kind == "karras" else {})}


_OWN: dict[str, Callable[[Config], Part]] = {
    **dict.fromkeys(("DDPM", "DDIM", "DDIMInverse", "PNDM"), _by_timesteps),
    **dict.fromkeys(
        (
            "EulerDiscrete",
            "EulerAncestralDiscrete",
            "HeunDiscrete",
            "LMSDiscrete",
            "KDPM2Discrete",
            "KDPM2AncestralDiscrete",
            "DPMSolverSDE",
        ),
        _in_sigma,
    ),
    **dict.fromkeys(
        ("DPMSolverMultistep", "DPMSolverSinglestep", "UniPCMultistep", "DEISMultistep", "SASolver"),
        _in_log_snr,
    ),
    **dict.fromkeys(("LCM", "TCD"), _few_steps),
    **dict.fromkeys(("FlowMatchEulerDiscrete", "FlowMatchHeunDiscrete", "FlowMatchLCM"), _flow_match),
    **dict.fromkeys(("EDMEuler", "EDMDPMSolverMultistep"), _edm),
    "CMStochasticIterative": lambda config: {"name": "trailing", "whole_stride": True},
    "DDPMWuerstchen": lambda config: {"name": "linspace", "closed": False},
    "ScoreSdeVe": lambda config: {"name": "exponential"},
    "ScoreSdeVp": lambda config: {"name": "linspace"},
    "IPNDM": lambda config: {"name": "crash"},
}
