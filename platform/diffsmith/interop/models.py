"""What a scheduler config says about the model: the noise it knows, and what it answers."""

from collections.abc import Callable
from typing import Any

from ..errors import SpecError, unknown_name

__all__ = ["clean_flow_time", "flowing", "model", "resized", "spaced_by_sigma"]

Config = dict[str, Any]
Part = dict[str, Any]

_BETAS = {
    "linear": "linear",
    "scaled_linear": "scaled_linear",
    "squaredcos_cap_v2": "cosine",
    "sigmoid": "sigmoid",
    "exp": "exp",
    "laplace": "laplace",
}
_PREDICTIONS = {"epsilon": "epsilon", "sample": "sample", "v_prediction": "v", "flow_prediction": "flow"}
_EXACT_ZERO = ("DDPM", "DDPMParallel", "DDIM", "DDIMParallel", "DDIMInverse", "LCM", "TCD")
"""Classes that take a terminal without signal as it is; the others leave 2^-24 of it."""


def model(config: Config) -> Part:
    """Its schedule and prediction, and the boundary condition of a consistency model."""
    name = config["class"].removesuffix("Scheduler")
    if name in _OWN:
        return _OWN[name](config)
    if flowing(config):
        count = config["num_train_timesteps"]
        schedule: Part = {"name": "flow", "timesteps": count, "label": "floored"}
    else:
        schedule = _table(config, name)
    found: Part = {"schedule": schedule, "prediction": _prediction(config)}
    if name == "LCM":
        found["boundary"] = {"name": "lcm_boundary", "timestep_scaling": config["timestep_scaling"]}
    return found


def flowing(config: Config) -> bool:
    """Whether a class for tables walks the straight flow instead."""
    if not config.get("use_flow_sigmas"):
        if config.get("prediction_type") == "flow_prediction":
            raise SpecError(
                ["scheduler config: prediction_type flow_prediction needs use_flow_sigmas; set it to true"]
            )
        return False
    if sized := spaced_by_sigma(config):
        what = f"use_flow_sigmas and use_{sized}_sigmas place the levels in two ways"
        raise SpecError([f"scheduler config: {what}; leave one of them out"])
    return True


def spaced_by_sigma(config: Config) -> str:
    """karras, exponential or beta, or "" where it is none of them."""
    chosen = [kind for kind in ("karras", "exponential", "beta") if config.get(f"use_{kind}_sigmas")]
    if len(chosen) > 1:
        what = " and ".join(f"use_{kind}_sigmas" for kind in chosen)
        raise SpecError([f"scheduler config: {what} exclude each other; leave one in"])
    return chosen[0] if chosen else ""


def clean_flow_time(config: Config) -> float:
    """The least of the flow times a FlowMatch class was made with."""
    clean = 1 / config["num_train_timesteps"]
    return clean if config.get("use_dynamic_shifting") else resized(clean, config["shift"])


def resized(time: float, shift: float) -> float:
    """A flow time after the shift (Esser et al. 2024, eq. 23)."""
    return shift * time / (1 + (shift - 1) * time)


def _table(config: Config, name: str) -> Part:
    schedule: Part = {"name": "vp"}
    if config["trained_betas"] is not None:
        schedule["trained_betas"] = tuple(config["trained_betas"])
    else:
        kind = config["beta_schedule"]
        if kind not in _BETAS:
            raise SpecError([unknown_name("scheduler config, beta_schedule", kind, list(_BETAS))])
        schedule |= {"betas": _BETAS[kind], "timesteps": config["num_train_timesteps"]}
        if kind in ("linear", "scaled_linear", "sigmoid"):
            schedule |= {"start": config["beta_start"], "end": config["beta_end"]}
    if config.get("rescale_betas_zero_snr"):
        schedule["terminal"] = "zero" if name in _EXACT_ZERO else "tiny"
    return schedule | _told(config, name)


def _told(config: Config, name: str) -> Part:
    """How levels between two timesteps are told, and what lies between them."""
    sized = spaced_by_sigma(config)
    if config.get("timestep_type") == "continuous" and config["prediction_type"] == "v_prediction":
        return {"label": "log_sigma"}
    if "lower_order_final" in config:  # the solvers in log-SNR, which tell whole timesteps
        rounded = sized == "karras" or config.get("use_lu_lambdas")
        if rounded and (config["beta_schedule"] != "squaredcos_cap_v2" or name != "DPMSolverMultistep"):
            return {"label": "rounded"}
        return {"label": "floored"} if sized or rounded else {}
    in_sigma = "timestep_spacing" in config and name not in (*_EXACT_ZERO, "PNDM")
    return {"interpolation": "sigma"} if in_sigma and not sized else {}


def _prediction(config: Config) -> Part:
    kind = config["prediction_type"]
    if kind not in _PREDICTIONS:
        raise SpecError([unknown_name("scheduler config, prediction_type", kind, list(_PREDICTIONS))])
    return {"name": _PREDICTIONS[kind]}


def _flow_match(config: Config) -> Part:
    schedule: Part = {"name": "flow", "timesteps": config["num_train_timesteps"]}
    if not config.get("use_dynamic_shifting"):
        schedule["shift"] = config["shift"]
    prediction: Part = {"name": "flow"}
    if config.get("invert_sigmas"):
        schedule["label"], prediction["negated"] = "inverted", True
    return {"schedule": schedule, "prediction": prediction}


def _edm(config: Config) -> Part:
    ends = {key: config[key] for key in ("sigma_min", "sigma_max", "sigma_data")}
    prediction: Part = {"name": "edm", "sigma_data": config["sigma_data"]}
    kind = config.get("prediction_type", "epsilon")
    if kind not in ("epsilon", "v_prediction"):
        raise SpecError(
            [unknown_name("scheduler config, prediction_type", kind, ["epsilon", "v_prediction"])]
        )
    if kind == "v_prediction":
        prediction["negated"] = True
    return {"schedule": {"name": "edm", **ends}, "prediction": prediction}


def _consistency(config: Config) -> Part:
    found = _edm(config)
    found["schedule"] |= {
        "rho": config["rho"],
        "timesteps": config["num_train_timesteps"],
        "label_scale": 1000.0,
    }
    ends = {key: config[key] for key in ("sigma_min", "sigma_data")}
    return {**found, "boundary": {"name": "cm_boundary", **ends}}


def _wuerstchen(config: Config) -> Part:
    schedule = {"name": "cosine", "s": config["s"], "scaler": config["scaler"]}
    return {"schedule": schedule, "prediction": {"name": "epsilon"}}


def _score_ve(config: Config) -> Part:
    ends = {key: config[key] for key in ("sigma_min", "sigma_max")}
    return {"schedule": {"name": "ve", **ends, "label": "sigma"}, "prediction": {"name": "score"}}


def _score_vp(config: Config) -> Part:
    betas = {key: float(config[key]) for key in ("beta_min", "beta_max")}
    told = float(config["num_train_timesteps"] - 1)
    schedule = {"name": "vp_sde", **betas, "eps": config["sampling_eps"], "label_scale": told}
    # Its "score" is the noise: it divides it by the size of the noise itself.
    return {"schedule": schedule, "prediction": {"name": "epsilon"}}


def _ipndm(config: Config) -> Part:
    if config["trained_betas"] is not None:
        raise SpecError(["scheduler config: IPNDMScheduler with trained_betas is not known; leave them out"])
    schedule = {"name": "angle", "timesteps": config["num_train_timesteps"]}
    return {"schedule": schedule, "prediction": {"name": "v"}}


_OWN: dict[str, Callable[[Config], Part]] = {
    "FlowMatchEulerDiscrete": _flow_match,
    "FlowMatchHeunDiscrete": _flow_match,
    "FlowMatchLCM": _flow_match,
    "EDMEuler": _edm,
    "EDMDPMSolverMultistep": _edm,
    "CMStochasticIterative": _consistency,
    "DDPMWuerstchen": _wuerstchen,
    "ScoreSdeVe": _score_ve,
    "ScoreSdeVp": _score_vp,
    "IPNDM": _ipndm,
}
"""Classes whose noise is no table of betas."""
