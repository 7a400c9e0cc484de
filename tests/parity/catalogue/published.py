"""The scheduler configs that models are published with, loaded by diffusers and by us."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import diffusers
import numpy as np
import torch
from torch import Tensor

from diffsmith import load_scheduler, sampling

from ..in_float64 import default_float64, in_float64
from ..references import difference, drawn, normal
from .case import EXACT, Case

SEED = 7

_TABLE = {"num_train_timesteps": 1000, "trained_betas": None}
_SD = {**_TABLE, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
_LEADING = {"timestep_spacing": "leading", "steps_offset": 1}
_SD_OLD = {"clip_sample": False, "set_alpha_to_one": False, "skip_prk_steps": True, "steps_offset": 1}
_IMAGENET = {**_TABLE, "beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "linear"}
_HUNYUAN = {**_SD, "beta_end": 0.03, "prediction_type": "v_prediction", "clip_sample": False}

CONFIGS: dict[str, dict[str, Any]] = {
    "Stable Diffusion 1": {"_class_name": "PNDMScheduler", **_SD, **_SD_OLD},
    "Stable Diffusion 2.1": {
        "_class_name": "DDIMScheduler",
        **_SD,
        **_SD_OLD,
        "prediction_type": "v_prediction",
    },
    "Stable Diffusion 2.1 base": {
        "_class_name": "PNDMScheduler",
        **_SD,
        **_SD_OLD,
        "prediction_type": "epsilon",
    },
    "SDXL": {
        "_class_name": "EulerDiscreteScheduler",
        **_SD,
        **_SD_OLD,
        **_LEADING,
        "prediction_type": "epsilon",
        "interpolation_type": "linear",
        "sample_max_value": 1.0,
        "use_karras_sigmas": False,
    },
    "SDXL Lightning": {
        "_class_name": "EulerDiscreteScheduler",
        **_SD,
        **_SD_OLD,
        "timestep_spacing": "trailing",
    },
    "SDXL Turbo": {
        "_class_name": "EulerAncestralDiscreteScheduler",
        **_SD,
        **_SD_OLD,
        "timestep_spacing": "trailing",
    },
    "Stable Video Diffusion": {
        "_class_name": "EulerDiscreteScheduler",
        **_SD,
        **_LEADING,
        "prediction_type": "v_prediction",
        "interpolation_type": "linear",
        "sigma_min": 0.002,
        "sigma_max": 700.0,
        "timestep_type": "continuous",
        "use_karras_sigmas": True,
    },
    "AnimateDiff": {
        "_class_name": "DDIMScheduler",
        **_SD,
        "beta_schedule": "linear",
        "clip_sample": False,
        "timestep_spacing": "linspace",
        "steps_offset": 1,
    },
    "AnimateDiff, Euler": {
        "_class_name": "EulerDiscreteScheduler",
        **_SD,
        "beta_schedule": "linear",
        "timestep_spacing": "linspace",
    },
    "ModelScope": {"_class_name": "DDIMScheduler", **_SD, **_SD_OLD},
    "ModelScope, DPM-Solver": {"_class_name": "DPMSolverMultistepScheduler", **_SD},
    "I2VGen-XL": {
        "_class_name": "DDIMScheduler",
        **_SD,
        **_LEADING,
        "beta_schedule": "squaredcos_cap_v2",
        "rescale_betas_zero_snr": True,
        "prediction_type": "v_prediction",
        "set_alpha_to_one": True,
        "clip_sample": False,
    },
    "DiT": {"_class_name": "DDIMScheduler", **_IMAGENET, "clip_sample": False},
    "PixArt": {
        "_class_name": "DPMSolverMultistepScheduler",
        **_IMAGENET,
        "algorithm_type": "dpmsolver++",
        "solver_order": 2,
        "lambda_min_clipped": float("-inf"),
    },
    "Hunyuan-DiT": {"_class_name": "DDPMScheduler", **_HUNYUAN, "steps_offset": 1},
    "Hunyuan-DiT 1.2": {"_class_name": "DDIMScheduler", **_HUNYUAN, "beta_end": 0.018, "steps_offset": 1},
    "DeepFloyd IF": {
        "_class_name": "DDPMScheduler",
        **_IMAGENET,
        "beta_schedule": "squaredcos_cap_v2",
        "thresholding": True,
        "dynamic_thresholding_ratio": 0.95,
        "sample_max_value": 1.5,
        "variance_type": "fixed_small",
    },
    "Stable Diffusion 3": {"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0},
    "FLUX.1 dev": {
        "_class_name": "FlowMatchEulerDiscreteScheduler",
        "base_image_seq_len": 256,
        "base_shift": 0.5,
        "max_image_seq_len": 4096,
        "max_shift": 1.15,
        "shift": 3.0,
        "use_dynamic_shifting": True,
    },
    "FLUX.1 schnell": {"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 1.0},
    "AuraFlow": {"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 1.73},
    "Qwen-Image": {
        "_class_name": "FlowMatchEulerDiscreteScheduler",
        "base_image_seq_len": 256,
        "base_shift": 0.5,
        "max_image_seq_len": 8192,
        "max_shift": 0.9,
        "shift": 1.0,
        "shift_terminal": 0.02,
        "time_shift_type": "exponential",
        "use_dynamic_shifting": True,
    },
    "Mochi": {"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 1.0, "invert_sigmas": True},
    "Wan 2.1": {
        "_class_name": "UniPCMultistepScheduler",
        "use_flow_sigmas": True,
        "flow_shift": 5.0,
        "prediction_type": "flow_prediction",
        "solver_order": 2,
    },
    "Sana": {
        "_class_name": "DPMSolverMultistepScheduler",
        "use_flow_sigmas": True,
        "flow_shift": 3.0,
        "prediction_type": "flow_prediction",
        "algorithm_type": "dpmsolver++",
    },
    "LCM Dreamshaper": {
        "_class_name": "LCMScheduler",
        **_SD,
        "original_inference_steps": 50,
        "clip_sample": False,
        "set_alpha_to_one": True,
    },
    "TCD": {"_class_name": "TCDScheduler", **_SD, "original_inference_steps": 50},
    "Playground 2.5": {
        "_class_name": "EDMDPMSolverMultistepScheduler",
        "sigma_min": 0.002,
        "sigma_max": 80.0,
        "sigma_data": 0.5,
        "sigma_schedule": "karras",
        "rho": 7.0,
    },
    "Playground 2.5, Euler": {"_class_name": "EDMEulerScheduler", "sigma_data": 0.5},
    "Stable Cascade": {"_class_name": "DDPMWuerstchenScheduler", "s": 0.008, "scaler": 1.0},
    "AudioLDM": {
        "_class_name": "DDIMScheduler",
        **_SD,
        "beta_start": 0.0015,
        "beta_end": 0.0195,
        "clip_sample": False,
        "set_alpha_to_one": False,
        "steps_offset": 1,
    },
    "Consistency ImageNet-64": {
        "_class_name": "CMStochasticIterativeScheduler",
        "num_train_timesteps": 40,
        "sigma_min": 0.002,
        "sigma_max": 80.0,
        "sigma_data": 0.5,
        "s_noise": 1.0,
        "rho": 7,
        "clip_denoised": True,
    },
    "Shap-E": {
        "_class_name": "HeunDiscreteScheduler",
        "num_train_timesteps": 1024,
        "beta_schedule": "exp",
        "prediction_type": "sample",
        "use_karras_sigmas": True,
        "clip_sample": True,
        "clip_sample_range": 1.0,
    },
    "Dance Diffusion": {"_class_name": "IPNDMScheduler", "num_train_timesteps": 1000},
}
"""Model -> what its scheduler_config.json says."""

STEPS = {
    "SDXL Lightning": (1, 2, 4, 8),
    "SDXL Turbo": (1, 2, 4),
    "LCM Dreamshaper": (1, 2, 4, 8),
    "TCD": (1, 2, 4, 8),
    "Consistency ImageNet-64": (1, 2, 4),
    "Stable Diffusion 1": (10, 20, 50),
    "Stable Diffusion 2.1 base": (10, 20, 50),
    "AnimateDiff": (4, 10),
    "Dance Diffusion": (5, 20),
}
USUAL = (2, 5, 10, 20)
NOTES = {
    "AnimateDiff": " (theirs made to step between the timesteps it visits)",
    "Dance Diffusion": " (clean estimate 0 in pure noise, as there)",
}


def cases() -> Iterator[Case]:
    """One a model."""
    for model, config in CONFIGS.items():
        parts = load_scheduler(config)
        scheduler = parts["scheduler"]
        note = NOTES.get(model, "")
        yield Case(
            scheduler.get("name") or scheduler["estimate"],
            f"config of {model}{note}",
            parts["model"]["prediction"]["name"],
            parts["model"]["schedule"]["name"],
            parts["spacing"]["name"],
            f"diffusers {config['_class_name']}",
            partial(difference_of, model),
            EXACT,
        )


def difference_of(model: str) -> float:
    """The largest at any of the model's usual numbers of steps."""
    return max(_difference(model, steps) for steps in STEPS.get(model, USUAL))


def _difference(model: str, steps: int) -> float:
    config = CONFIGS[model]
    theirs, told = _theirs(model, steps)
    parts = load_scheduler(config, pipeline_sigmas=True if model == "FLUX.1 schnell" else None)

    def net(x: Tensor, label: Tensor) -> Tensor:
        assert abs(told[0] - label[0].item()) < NEAR, (told[0], label[0].item())
        return networks(model)(x, told.pop(0))

    mine = sampling.sample(
        net,
        normal(0) * (80.0 if parts["model"]["schedule"]["name"] == "edm" else 1.0),
        scheduler=parts["scheduler"],
        spacing={**parts["spacing"], "steps": steps},
        path=parts["model"]["schedule"],
        prediction=parts["model"]["prediction"],
        threshold=parts.get("threshold"),
        boundary=parts["model"].get("boundary"),
        noise=drawn(SEED),
    )
    assert not told, f"{model}: they asked {len(told)} times more"
    return difference(mine, theirs)


NEAR = 1e-3
"""By how much a timestep that is told may differ for rounding."""


def _theirs(model: str, steps: int) -> tuple[Tensor, list[float]]:
    """Their sample, and what their network was told."""
    config, told = CONFIGS[model], list[float]()
    kind = getattr(diffusers, config["_class_name"])
    with default_float64(), in_float64(kind):
        scheduler = kind.from_config(config)
        _set(scheduler, steps, model)
        x = normal(0) * _size(scheduler)
        options = {"generator": torch.Generator().manual_seed(SEED)} if _draws(kind) else {}
        continuous = kind.__name__ == "DDPMWuerstchenScheduler"
        scaled = getattr(scheduler, "scale_model_input", lambda x, t: x)
        for t in scheduler.timesteps[:-1] if continuous else scheduler.timesteps:
            told.append(float(t))
            out = networks(model)(scaled(x, t), float(t))
            x = scheduler.step(out, t.expand(len(x)) if continuous else t, x, **options).prev_sample
    return x, told


def _set(scheduler: Any, steps: int, model: str) -> None:
    """As the model's pipeline does."""
    if model in HANDED:
        scheduler.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps), mu=HANDED[model])
    else:
        scheduler.set_timesteps(steps)
    if model == "AnimateDiff":
        # The reference always steps by T // n; its linspace timesteps lie T // (n - 1) apart.
        scheduler.num_inference_steps = steps - 1


HANDED = {"FLUX.1 dev": 1.15, "Qwen-Image": 0.9, "FLUX.1 schnell": None}
"""Models whose pipeline hands over the flow times 1 to 1/steps, and mu at the most image tokens."""


def _draws(kind: type) -> bool:
    return any(name in kind.__name__ for name in ("Ancestral", "DDPM", "LCM", "TCD", "CMStochastic"))


def _size(scheduler: Any) -> float:
    """Their unit of noise over ours: in sigma, x is ours divided by alpha."""
    name = type(scheduler).__name__
    if name.startswith(("EDM", "CM")):
        return float(scheduler.sigmas[0])
    return float((scheduler.sigmas[0] ** 2 + 1) ** 0.5) if name.startswith(("Euler", "Heun")) else 1.0


def networks(model: str) -> Callable[[Tensor, float], Tensor]:
    """Bounded, and different at every label, be it one in [0, 1] or in [0, 1000]."""

    def network(x: Tensor, label: float) -> Tensor:
        heard = np.cos(label / 150) + np.cos(3 * label / (1 + abs(label)))
        # IPNDMScheduler divides by 1e-8 where alpha is 0, and so holds 0 there, whatever is answered.
        silent = model == "Dance Diffusion" and label > 1 - 1e-9
        return x * 0 if silent else 0.7 * x.tanh() + 0.1 * heard * x

    return network
