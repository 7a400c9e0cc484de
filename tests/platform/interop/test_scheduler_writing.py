"""A spec's scheduler as diffusers' configuration: read again it means the same, or it is refused."""

import diffusers
import pytest

from diffsmith import load_scheduler
from diffsmith.errors import SpecError
from diffsmith.interop.scheduler_classes import CLASSES
from diffsmith.interop.scheduler_meaning import meaning
from diffsmith.interop.scheduler_writing import scheduler_config
from diffsmith.specs import PipelineSpec

SD = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "steps_offset": 1}
PUBLISHED = {
    "Stable Diffusion 1": {"_class_name": "PNDMScheduler", **SD, "skip_prk_steps": True},
    "Stable Diffusion 2": {
        "_class_name": "DDIMScheduler",
        **SD,
        "prediction_type": "v_prediction",
        "clip_sample": False,
    },
    "SDXL": {"_class_name": "EulerDiscreteScheduler", **SD, "timestep_spacing": "leading"},
    "SDXL Turbo": {"_class_name": "EulerAncestralDiscreteScheduler", **SD, "timestep_spacing": "trailing"},
    "SVD": {
        "_class_name": "EulerDiscreteScheduler",
        **SD,
        "prediction_type": "v_prediction",
        "timestep_type": "continuous",
        "use_karras_sigmas": True,
        "sigma_min": 0.002,
        "sigma_max": 700.0,
    },
    "LCM": {"_class_name": "LCMScheduler", **SD},
    "PixArt": {"_class_name": "DPMSolverMultistepScheduler"},
    "karras": {"_class_name": "DPMSolverMultistepScheduler", **SD, "use_karras_sigmas": True},
    "sde": {
        "_class_name": "DPMSolverMultistepScheduler",
        "algorithm_type": "sde-dpmsolver++",
        "solver_order": 3,
    },
    "order 1": {"_class_name": "DPMSolverMultistepScheduler", "solver_order": 1},
    "unipc": {
        "_class_name": "UniPCMultistepScheduler",
        "solver_type": "bh1",
        "final_sigmas_type": "sigma_min",
    },
    "dynamic": {"_class_name": "DDPMScheduler", "thresholding": True, "sample_max_value": 1.5},
    "zero SNR": {"_class_name": "EulerDiscreteScheduler", **SD, "rescale_betas_zero_snr": True},
    "own betas": {"_class_name": "DDIMScheduler", "trained_betas": [0.1, 0.2, 0.3]},
    "SD3": {"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0},
    "Flux": {
        "_class_name": "FlowMatchEulerDiscreteScheduler",
        "use_dynamic_shifting": True,
        "max_shift": 1.2,
    },
    "flow in a solver": {
        "_class_name": "UniPCMultistepScheduler",
        "use_flow_sigmas": True,
        "flow_shift": 3.0,
        "prediction_type": "flow_prediction",
    },
    "EDM": {"_class_name": "EDMDPMSolverMultistepScheduler", "algorithm_type": "sde-dpmsolver++"},
    "consistency": {"_class_name": "CMStochasticIterativeScheduler", "s_noise": 1.1},
}
PUBLISHED |= {name: {"_class_name": name} for name in CLASSES}
TWINS = {"DDPMParallelScheduler": "DDPMScheduler", "DDIMParallelScheduler": "DDIMScheduler"}


def spec_of(config: dict) -> PipelineSpec:
    parts = load_scheduler(config)
    return PipelineSpec.model_validate({**parts, "model": {"name": "unet", **parts["model"]}})


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_is_written_means_what_was_read(name: str, registry) -> None:
    config = PUBLISHED[name]
    written = scheduler_config(spec_of(config), registry)
    assert written["_class_name"] == TWINS.get(config["_class_name"], config["_class_name"])
    assert meaning(spec_of(written), registry) == meaning(spec_of(config), registry)
    assert all(
        written[key] == value for key, value in config.items() if key not in ("_class_name", *_UNHEARD)
    )


_UNHEARD = {"steps_offset", "skip_prk_steps", "beta_start", "beta_end"}  # where the class or spacing has none


@pytest.mark.parametrize("name", [name for name in CLASSES if hasattr(diffusers, name)])
def test_diffusers_takes_what_is_written(name: str, registry) -> None:
    written = scheduler_config(spec_of({"_class_name": name}), registry)
    kind = getattr(diffusers, written["_class_name"])
    if "dummy" not in kind.__module__:
        scheduler = kind.from_config(written)
        assert {key: scheduler.config[key] for key in written if key != "_class_name"} == {
            key: value for key, value in written.items() if key != "_class_name"
        }


def test_the_original_stays_as_it_is_unless_something_was_changed(registry) -> None:
    original = {**PUBLISHED["SDXL"], "_diffusers_version": "0.19", "skip_prk_steps": True}
    spec = spec_of(original)
    assert scheduler_config(spec, registry, original=original) == original
    changed = PipelineSpec.model_validate({**spec.to_dict(), "spacing": "karras"})
    written = scheduler_config(changed, registry, original=original)
    assert written["use_karras_sigmas"] is True and "skip_prk_steps" not in written


@pytest.mark.parametrize("name", ["dpmpp_2m karras", "DPM++ 2M Karras", "DPMSolverMultistepScheduler karras"])
def test_a_spacing_in_the_name_is_written(name: str, registry) -> None:
    spec = PipelineSpec.model_validate({"model": "unet", "scheduler": name})
    config = scheduler_config(spec, registry)
    assert (config["_class_name"], config["use_karras_sigmas"]) == ("DPMSolverMultistepScheduler", True)
    assert (config["beta_schedule"], config["prediction_type"]) == ("squaredcos_cap_v2", "v_prediction")


def test_the_number_of_steps_changes_nothing(registry) -> None:
    spec = spec_of(PUBLISHED["SDXL"])
    more = PipelineSpec.model_validate({**spec.to_dict(), "spacing": {**spec.spacing.to_dict(), "steps": 7}})
    assert scheduler_config(more, registry) == scheduler_config(spec, registry)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"scheduler": "res_multistep"},
            "scheduler: res_multistep is no scheduler of diffusers, which has .*dpmpp_2m",
        ),
        ({"scheduler": {"estimate": "heun", "renoise": "sde"}}, "scheduler: heun with sde is no scheduler"),
        ({"spacing": "laplace"}, "spacing: diffusers' EulerDiscreteScheduler cannot say this; take another"),
        ({"scheduler": "ddim", "spacing": "karras"}, "spacing: diffusers' DDIMScheduler cannot say this"),
        ({"threshold": "clip"}, "threshold: diffusers' EulerDiscreteScheduler cannot say this"),
        ({"noise": "brownian"}, "noise: diffusers' EulerDiscreteScheduler cannot say this"),
        (
            {"scheduler": {"name": "euler", "gamma": 0.3}},
            "scheduler: diffusers' EulerDiscreteScheduler cannot",
        ),
    ],
)
def test_what_diffusers_cannot_say_is_refused_by_name(changes: dict, told: str, registry) -> None:
    spec = PipelineSpec.model_validate({**spec_of(PUBLISHED["SDXL"]).to_dict(), **changes})
    with pytest.raises(SpecError, match=told):
        scheduler_config(spec, registry)
