import json

import pytest
import torch

from diffsmith import factory, load_scheduler
from diffsmith.errors import DiffsmithError, FileFault, SpecError
from diffsmith.interop.scheduler_classes import CLASSES
from diffsmith.registry import default_registry
from diffsmith.specs import Choice, SchedulerSpec, SpacingSpec, parse

EULER = {"_class_name": "EulerDiscreteScheduler"}
DPM = {"_class_name": "DPMSolverMultistepScheduler"}
FLOW = {"_class_name": "FlowMatchEulerDiscreteScheduler"}


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_becomes_what_can_be_built(name):
    """Its scheduler, spacing, schedule, prediction and threshold are registered, with these options."""
    registry = default_registry()
    parts = load_scheduler({"_class_name": name})
    solver = parse(SchedulerSpec, parts["scheduler"])
    factory.scheduler(solver, registry)
    model = parts["model"]
    schedule = registry.bind("schedules", Choice(**model["schedule"]))()
    registry.bind("predictions", Choice(**model["prediction"]))()
    placed = factory.grid(schedule, solver, parse(SpacingSpec, {**parts["spacing"], "steps": 8}), registry)
    assert (placed.diff() > 0).all()
    for part, kind in (("threshold", "thresholds"), ("noise", "noise")):
        if part in parts:
            registry.bind(kind, Choice(**parts[part]))


def test_a_file_a_folder_and_its_content_mean_the_same(tmp_path):
    file = tmp_path / "scheduler_config.json"
    file.write_text(json.dumps(EULER))
    assert load_scheduler(file) == load_scheduler(str(tmp_path)) == load_scheduler(EULER)


def test_what_stable_diffusion_xl_says():
    told = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
    parts = load_scheduler({**EULER, **told, "timestep_spacing": "leading", "steps_offset": 1})
    assert parts["scheduler"] == {"name": "euler"}
    assert parts["spacing"] == {"name": "leading", "offset": 1}
    assert parts["model"]["schedule"]["betas"] == "scaled_linear"
    assert parts["model"]["prediction"] == {"name": "epsilon"}
    assert set(parts) == {"scheduler", "spacing", "model"}


def test_keys_of_another_class_are_left_out():
    """Files keep what an earlier class was told."""
    assert load_scheduler({**EULER, "skip_prk_steps": True, "_diffusers_version": "0.6"}) == load_scheduler(
        EULER
    )


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        ({}, "scheduler config: has no _class_name"),
        (
            {"_class_name": "EulerDiscretScheduler"},
            "scheduler config, _class_name: unknown name 'EulerDiscretScheduler' — did you mean "
            "'EulerDiscreteScheduler'?",
        ),
        (
            {**EULER, "timestep_spacng": "leading"},
            "scheduler config: unknown name 'timestep_spacng' — did you mean 'timestep_spacing'?",
        ),
        (
            {**EULER, "timestep_spacing": "leadin"},
            "scheduler config, timestep_spacing: unknown name 'leadin'",
        ),
        ({**EULER, "beta_schedule": "scaled"}, "scheduler config, beta_schedule: unknown name 'scaled'"),
        ({**EULER, "prediction_type": "eps"}, "scheduler config, prediction_type: unknown name 'eps'"),
        (
            {**EULER, "use_karras_sigmas": True, "use_beta_sigmas": True},
            "scheduler config: use_karras_sigmas and use_beta_sigmas exclude each other",
        ),
        ({**EULER, "interpolation_type": "log_linear"}, "scheduler config: interpolation_type log_linear"),
        ({**EULER, "final_sigmas_type": "one"}, "scheduler config, final_sigmas_type: unknown name 'one'"),
        ({**DPM, "algorithm_type": "dpmsolver"}, "scheduler config: algorithm_type dpmsolver cannot step"),
        ({**DPM, "algorithm_type": "dpm"}, "scheduler config, algorithm_type: unknown name 'dpm'"),
        ({**DPM, "solver_order": 4}, "scheduler config, solver_order: unknown name 4"),
        ({**DPM, "prediction_type": "flow_prediction"}, "scheduler config: prediction_type flow_prediction"),
        (
            {**DPM, "use_flow_sigmas": True, "use_karras_sigmas": True},
            "scheduler config: use_flow_sigmas and use_karras_sigmas place the levels in two ways",
        ),
        (
            {**FLOW, "use_dynamic_shifting": True, "use_karras_sigmas": True},
            "scheduler config: use_karras_sigmas has no ends before the number of steps is known",
        ),
        (
            {"_class_name": "DPMSolverMultistepInverseScheduler"},
            "scheduler config: DPMSolverMultistepInverse",
        ),
        (
            {"_class_name": "EDMEulerScheduler", "sigma_schedule": "kerras"},
            "scheduler config, sigma_schedule: unknown name 'kerras' — did you mean 'karras'?",
        ),
        (
            {"_class_name": "EDMEulerScheduler", "prediction_type": "sample"},
            "scheduler config, prediction_type: unknown name 'sample'",
        ),
        ({"_class_name": "UniPCMultistepScheduler", "predict_x0": False}, "scheduler config: UniPC's"),
        ({"_class_name": "UniPCMultistepScheduler", "solver_p": "x"}, "scheduler config: UniPC with"),
        ({"_class_name": "FlowMatchLCMScheduler", "scale_factors": [2]}, "scheduler config: scale_factors"),
        ({"_class_name": "IPNDMScheduler", "trained_betas": [0.1]}, "scheduler config: IPNDMScheduler with"),
    ],
)
def test_what_has_no_meaning_is_told_in_a_sentence(config, fault):
    with pytest.raises(SpecError) as told:
        load_scheduler(config)
    assert str(told.value).startswith(fault)
    assert len(told.value.faults) == 1


@pytest.mark.parametrize("content", ["[]", "{", "\x00"])
def test_a_file_that_is_no_config(tmp_path, content):
    file = tmp_path / "scheduler_config.json"
    file.write_text(content)
    with pytest.raises(FileFault):
        load_scheduler(file)
    with pytest.raises(DiffsmithError, match="cannot be read"):
        load_scheduler(tmp_path / "nowhere.json")


def test_a_last_step_that_leads_nowhere_is_left_out():
    """karras ends where final_sigmas_type sigma_min would lead."""
    parts = load_scheduler({**DPM, "use_karras_sigmas": True, "final_sigmas_type": "sigma_min"})
    registry, solver = default_registry(), parse(SchedulerSpec, parts["scheduler"])
    schedule = registry.bind("schedules", Choice(**parts["model"]["schedule"]))()
    placed = factory.grid(schedule, solver, parse(SpacingSpec, {**parts["spacing"], "steps": 8}), registry)
    assert len(placed) == 8
    torch.testing.assert_close(placed[-1], schedule.ends()[0])
    assert parts["scheduler"]["lower_order_final"] is False


@pytest.mark.parametrize(
    ("handed", "last"), [(None, {"last": "training"}), (False, {"last": "training"}), (True, {})]
)
def test_whose_flow_times(handed, last):
    assert load_scheduler({**FLOW, "shift": 3.0}, pipeline_sigmas=handed)["spacing"] == {
        "name": "shifted",
        "shift": 3.0,
        **last,
    }


def test_solvers_tell_whole_timesteps():
    for told, label in (("karras", "rounded"), ("exponential", "floored"), ("beta", "floored")):
        schedule = load_scheduler({**DPM, f"use_{told}_sigmas": True})["model"]["schedule"]
        assert schedule["label"] == label
    cosine = load_scheduler({**DPM, "use_karras_sigmas": True, "beta_schedule": "squaredcos_cap_v2"})
    assert cosine["model"]["schedule"]["label"] == "floored"


def test_thresholds():
    ddim = {"_class_name": "DDIMScheduler"}
    assert load_scheduler(ddim)["threshold"] == {"name": "clip", "limit": 1.0, "keep_noise": True}
    dynamic = load_scheduler({"_class_name": "DDPMScheduler", "thresholding": True})["threshold"]
    assert dynamic == {"name": "dynamic", "ratio": 0.995, "limit": 1.0}
    assert load_scheduler({"_class_name": "DPMSolverSDEScheduler"})["noise"] == {"name": "brownian"}


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (
            {
                "_class_name": "DPMSolverMultistepScheduler",
                "use_flow_sigmas": True,
                "prediction_type": "flow_prediction",
                "final_sigmas_type": "sigma_min",
            },
            "flow sigmas do not end where final_sigmas_type sigma_min says",
        ),
        (
            {"_class_name": "DEISMultistepScheduler", "use_karras_sigmas": True, "solver_order": 3},
            "solver_order 3 where the last level comes twice",
        ),
    ],
)
def test_an_end_that_is_not_known_is_refused(config, told):
    with pytest.raises(SpecError, match=told):
        load_scheduler(config)
