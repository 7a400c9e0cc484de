"""What diffusers' scheduler classes can be told, and what they take where nothing is (diffusers 0.42)."""

from typing import Any

__all__ = ["CLASSES", "KEYS"]

Known = dict[str, Any]

_TABLE: Known = {
    "num_train_timesteps": 1000,
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "beta_schedule": "linear",
    "trained_betas": None,
    "prediction_type": "epsilon",
}
_OF_K: Known = {**_TABLE, "beta_start": 0.00085, "beta_end": 0.012}
_DYNAMIC: Known = {"thresholding": False, "dynamic_thresholding_ratio": 0.995, "sample_max_value": 1.0}
_CLIP: Known = {"clip_sample": True, "clip_sample_range": 1.0}
_ZERO: Known = {"rescale_betas_zero_snr": False}
_SIGMAS: Known = {"use_karras_sigmas": False, "use_exponential_sigmas": False, "use_beta_sigmas": False}
_FLOW: Known = {**_SIGMAS, "use_flow_sigmas": False, "flow_shift": 1.0}
_SHIFTING: Known = {"use_dynamic_shifting": False, "time_shift_type": "exponential"}
_LEADING: Known = {"timestep_spacing": "leading", "steps_offset": 0}
_LINSPACE: Known = {"timestep_spacing": "linspace", "steps_offset": 0}
_ENDS: Known = {"sigma_min": None, "sigma_max": None}
_CLIPPED: Known = {"lambda_min_clipped": float("-inf"), "variance_type": None}
_DPM: Known = {
    "solver_order": 2,
    "algorithm_type": "dpmsolver++",
    "solver_type": "midpoint",
    "lower_order_final": True,
}
_FINAL: Known = {"final_sigmas_type": "zero"}

_DDPM = {**_TABLE, "variance_type": "fixed_small", **_CLIP, **_DYNAMIC, **_LEADING, **_ZERO}
_DDIM = {**_TABLE, "set_alpha_to_one": True, **_CLIP, **_DYNAMIC, **_LEADING, **_ZERO}
_INVERSE = {**_TABLE, "set_alpha_to_one": True, **_CLIP, **_LEADING, **_ZERO}
_K = {**_OF_K, **_SIGMAS, **_LINSPACE}
_MULTISTEP = {
    **_TABLE,
    **_DYNAMIC,
    **_DPM,
    "euler_at_final": False,
    **_FLOW,
    **_CLIPPED,
    **_LINSPACE,
}
_LCM = {
    **_OF_K,
    "beta_schedule": "scaled_linear",
    "original_inference_steps": 50,
    **_CLIP,
    "clip_sample": False,
    "set_alpha_to_one": True,
    **_DYNAMIC,
    **_LEADING,
    "timestep_scaling": 10.0,
    **_ZERO,
}
_FLOW_MATCH = {
    "num_train_timesteps": 1000,
    "shift": 1.0,
    "base_shift": 0.5,
    "max_shift": 1.15,
    "base_image_seq_len": 256,
    "max_image_seq_len": 4096,
    "invert_sigmas": False,
    "shift_terminal": None,
    **_SIGMAS,
    **_SHIFTING,
}
_EDM = {
    "sigma_min": 0.002,
    "sigma_max": 80.0,
    "sigma_data": 0.5,
    "sigma_schedule": "karras",
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "rho": 7.0,
    **_FINAL,
}

CLASSES: dict[str, Known] = {
    "DDPMScheduler": _DDPM,
    "DDPMParallelScheduler": _DDPM,
    "DDIMScheduler": _DDIM,
    "DDIMParallelScheduler": _DDIM,
    "DDIMInverseScheduler": _INVERSE,
    "PNDMScheduler": {**_TABLE, "skip_prk_steps": False, "set_alpha_to_one": False, **_LEADING},
    "EulerDiscreteScheduler": {
        **_TABLE,
        "interpolation_type": "linear",
        **_SIGMAS,
        **_ENDS,
        **_LINSPACE,
        "timestep_type": "discrete",
        **_ZERO,
        **_FINAL,
    },
    "EulerAncestralDiscreteScheduler": {**_TABLE, **_LINSPACE, **_ZERO},
    "HeunDiscreteScheduler": {**_K, **_CLIP, "clip_sample": False},
    "LMSDiscreteScheduler": {**_TABLE, **_SIGMAS, **_LINSPACE},
    "KDPM2DiscreteScheduler": _K,
    "KDPM2AncestralDiscreteScheduler": _K,
    "DPMSolverSDEScheduler": {**_K, "noise_sampler_seed": None},
    "DPMSolverMultistepScheduler": {
        **_MULTISTEP,
        "use_lu_lambdas": False,
        **_FINAL,
        **_ZERO,
        **_SHIFTING,
    },
    "DPMSolverSinglestepScheduler": {
        **_TABLE,
        **_DYNAMIC,
        **_DPM,
        "lower_order_final": False,
        **_FLOW,
        **_FINAL,
        **_CLIPPED,
        **_SHIFTING,
    },
    "UniPCMultistepScheduler": {
        **_TABLE,
        **_DYNAMIC,
        "solver_order": 2,
        "predict_x0": True,
        "solver_type": "bh2",
        "lower_order_final": True,
        "disable_corrector": [],
        "solver_p": None,
        **_FLOW,
        **_LINSPACE,
        **_FINAL,
        **_ZERO,
        **_SHIFTING,
        **_ENDS,
        "shift_terminal": None,
    },
    "DEISMultistepScheduler": {
        **_TABLE,
        **_DYNAMIC,
        **_DPM,
        "algorithm_type": "deis",
        "solver_type": "logrho",
        **_FLOW,
        **_LINSPACE,
        **_SHIFTING,
    },
    "SASolverScheduler": {
        **_TABLE,
        "predictor_order": 2,
        "corrector_order": 2,
        "tau_func": None,
        **_DYNAMIC,
        "algorithm_type": "data_prediction",
        "lower_order_final": True,
        **_FLOW,
        **_CLIPPED,
        **_LINSPACE,
    },
    "LCMScheduler": _LCM,
    "TCDScheduler": _LCM,
    "FlowMatchEulerDiscreteScheduler": {**_FLOW_MATCH, "stochastic_sampling": False},
    "FlowMatchHeunDiscreteScheduler": {"num_train_timesteps": 1000, "shift": 1.0},
    "FlowMatchLCMScheduler": {**_FLOW_MATCH, "scale_factors": None, "upscale_mode": "bicubic"},
    "EDMEulerScheduler": _EDM,
    "EDMDPMSolverMultistepScheduler": {**_EDM, **_DYNAMIC, **_DPM, "euler_at_final": False},
    "CMStochasticIterativeScheduler": {
        "num_train_timesteps": 40,
        "sigma_min": 0.002,
        "sigma_max": 80.0,
        "sigma_data": 0.5,
        "s_noise": 1.0,
        "rho": 7.0,
        "clip_denoised": True,
    },
    "DDPMWuerstchenScheduler": {"scaler": 1.0, "s": 0.008},
    "ScoreSdeVeScheduler": {
        "num_train_timesteps": 2000,
        "snr": 0.15,
        "sigma_min": 0.01,
        "sigma_max": 1348.0,
        "sampling_eps": 1e-5,
        "correct_steps": 1,
    },
    "ScoreSdeVpScheduler": {
        "num_train_timesteps": 2000,
        "beta_min": 0.1,
        "beta_max": 20,
        "sampling_eps": 1e-3,
    },
    "IPNDMScheduler": {"num_train_timesteps": 1000, "trained_betas": None},
}
"""Class -> key -> default."""

KEYS = {key for known in CLASSES.values() for key in known} | {"skip_prk_steps", "set_alpha_to_zero"}
"""What any of them knows: configs keep keys of the class they were first written for."""
