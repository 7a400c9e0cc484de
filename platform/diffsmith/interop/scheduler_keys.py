"""Parts of a spec as the keys of a scheduler_config.json: each class takes those that it knows."""

from collections.abc import Callable
from typing import Any

__all__ = ["model_keys", "solver_keys", "spacing_keys", "threshold_keys"]

Values = dict[str, Any]

_BETAS = {"cosine": "squaredcos_cap_v2"}
_PREDICTIONS = {"v": "v_prediction", "flow": "flow_prediction", "edm": "epsilon", "score": "epsilon"}
_OPTIONS = {
    "kind": "solver_type",
    "form": "algorithm_type",
    "order": "solver_order",
    "solver": "solver_type",
    "skip": "disable_corrector",
    "corrector_steps": "correct_steps",
    "variance": "variance_type",
}


def solver_keys(wanted: Values) -> Values:
    """The options of a loop, or of all factors of a row."""
    factors = [each for each in wanted.values() if isinstance(each, dict)] or [wanted]
    options = {key: value for factor in factors for key, value in factor.items() if key != "name"}
    keys = {_OPTIONS.get(key, key): value for key, value in options.items()}
    return {**keys, "skip_prk_steps": options.get("start") != "runge_kutta"}


def model_keys(wanted: Values) -> Values:
    """The noise that the model knows, what it answers, and its boundary condition."""
    schedule, prediction = wanted["model.schedule"], wanted["model.prediction"]
    boundary = wanted["model.boundary"] or {}
    name = "v" if prediction.get("negated") else prediction["name"]
    told = {
        **{key: value for key, value in schedule.items() if key != "name"},
        **{key: value for key, value in boundary.items() if key != "name"},
        "num_train_timesteps": _timesteps(schedule),
        "beta_schedule": _BETAS.get(schedule.get("betas"), schedule.get("betas")),
        "beta_start": schedule.get("start"),
        "beta_end": schedule.get("end"),
        "sampling_eps": schedule.get("eps"),
        "rescale_betas_zero_snr": schedule.get("terminal") == "zero",
        "prediction_type": _PREDICTIONS.get(name, name),
        "timestep_type": "continuous" if schedule.get("label") == "log_sigma" else "discrete",
        "use_flow_sigmas": schedule["name"] == "flow",
        "invert_sigmas": bool(prediction.get("negated")),
    }
    return {key: list(value) if isinstance(value, tuple) else value for key, value in told.items()}


def _timesteps(schedule: Values) -> Any:
    """A score network of an SDE is told the last of them at time 1."""
    return round(schedule["label_scale"]) + 1 if schedule["name"] == "vp_sde" else schedule.get("timesteps")


def threshold_keys(wanted: Values | None) -> Values:
    """No limit, a clip, or a dynamic threshold."""
    kind, limit = (wanted or {}).get("name"), (wanted or {}).get("limit")
    return {
        "clip_sample": kind == "clip",
        "clip_denoised": kind == "clip",
        "clip_sample_range": limit if kind == "clip" else None,
        "thresholding": kind == "dynamic",
        "dynamic_thresholding_ratio": (wanted or {}).get("ratio"),
        "sample_max_value": limit if kind == "dynamic" else None,
    }


def spacing_keys(wanted: Values) -> Values:
    """Which levels are visited, and where the last step leads."""
    clean = wanted["final"] != "zero"
    ends = {"final_sigmas_type": "sigma_min" if clean else "zero", "set_alpha_to_one": not clean}
    write = _SPACINGS.get(wanted["name"])
    return {**ends, **(write(wanted) if write else {})}


def _by_timesteps(wanted: Values) -> Values:
    least = wanted.get("log_snr_min")
    clipped = {} if least is None else {"lambda_min_clipped": least}
    return {"timestep_spacing": wanted["name"], "steps_offset": wanted.get("offset", 0), **clipped}


def _by_sigma(wanted: Values) -> Values:
    within = {} if wanted["within"] == "training" else {"timestep_spacing": wanted["within"]}
    ends = {key: wanted[key] for key in ("sigma_min", "sigma_max") if wanted[key] is not None}
    schedule = {"sigma_schedule": wanted["name"], "rho": wanted.get("rho")}
    chosen = {f"use_{wanted['name']}_sigmas": True, "steps_offset": wanted["offset"]}
    return {**chosen, **within, **ends, **schedule}


def _shifted(wanted: Values) -> Values:
    return {"shift": wanted["shift"], "flow_shift": wanted["shift"], "shift_terminal": wanted["terminal"]}


def _dynamic(wanted: Values) -> Values:
    return {
        "use_dynamic_shifting": True,
        "base_shift": wanted["base_shift"],
        "max_shift": wanted["max_shift"],
        "base_image_seq_len": wanted["base_sequence"],
        "max_image_seq_len": wanted["max_sequence"],
        "time_shift_type": wanted["kind"],
        "shift_terminal": wanted["terminal"],
    }


_SPACINGS: dict[str, Callable[[Values], Values]] = {
    **dict.fromkeys(("leading", "trailing", "linspace"), _by_timesteps),
    **dict.fromkeys(("karras", "exponential", "beta"), _by_sigma),
    "lcm": lambda wanted: {"original_inference_steps": wanted["original"]},
    "shifted": _shifted,
    "dynamic_shift": _dynamic,
}
