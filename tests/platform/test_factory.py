"""Specs to things: every fault at once, each in one sentence; options where they belong."""

import pytest
import torch

import diffsmith_image
from diffsmith import builtin_plugin, factory
from diffsmith.cards import DatasetCard, SchedulerCard
from diffsmith.errors import SpecError
from diffsmith.hookspecs import hookimpl
from diffsmith.registry import Registry
from diffsmith.specs import PipelineSpec, SchedulerSpec, TrainSpec, parse

UNET = {"model": "unet"}


def faults(values, registry, kind=PipelineSpec):
    with pytest.raises(SpecError) as caught:
        factory.check(parse(kind, values), registry)
    return list(caught.value.faults)


def with_plugin(plugin) -> Registry:
    known = (("builtin", builtin_plugin), ("image", diffsmith_image), ("more", plugin))
    return Registry((name, lambda each=each: each) for name, each in known)


def test_every_fault_is_told_at_once_with_the_near_miss(registry):
    told = faults(
        {
            "model": {"name": "unet", "widht": 16, "layers": 0},
            "scheduler": {"name": "dpmp_2m"},
            "spacing": {"name": "karras", "rho": -1, "steps": 5},
            "guidance": {"name": "cfg", "scael": 3},
            "data": "digit",
            "train": {"times": "unifrom", "weighting": {"name": "min_snr", "gamma": 0}},
        },
        registry,
        TrainSpec,
    )
    assert sorted(fault.partition(":")[0] for fault in told) == [
        "data.name",
        "guidance",
        "model",
        "model.layers",
        "scheduler.name",
        "spacing.rho",
        "train.times.name",
        "train.weighting.gamma",
    ]
    assert len(told) == 8
    text = "\n".join(told)
    for guess in ("width", "dpmpp_2m", "scale", "digits", "uniform"):
        assert f"did you mean {guess!r}?" in text
    assert "layers: input should be greater than or equal to 1, got 0" in text


def test_an_unknown_model_is_told_once_beside_what_else_is_wrong(registry):
    told = faults({"model": {"name": "unett", "schedule": "vpp", "prediction": "epsilom"}}, registry)
    assert [fault.partition(":")[0] for fault in told] == [
        "model.name",
        "model.prediction.name",
        "model.schedule.name",
    ]
    assert "did you mean 'unet'?" in told[0]


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"model": {"name": "unet", "schedule": {"name": "vp", "betas": "cosin"}}}, "model.schedule.betas: "),
        (
            {**UNET, "scheduler": {"name": "ddim", "etta": 1}},
            "scheduler: unknown name 'etta' — did you mean 'eta'?",
        ),
        ({**UNET, "scheduler": {"name": "ddim", "eta": -1}}, "scheduler.eta: input should be greater than"),
        (
            {**UNET, "scheduler": {"name": "euler", "eta": 1}},
            "scheduler: unknown name 'eta'. Known: gamma, s_noise",
        ),
        (
            {**UNET, "scheduler": {"estimate": "heunn"}},
            "scheduler.estimate.name: unknown name 'heunn' — did you mean 'heun'?",
        ),
        (
            {**UNET, "scheduler": {"estimate": "heun", "renoise": {"name": "sde", "gamma": 1}}},
            "scheduler.renoise: unknown name 'gamma'",
        ),
        (
            {**UNET, "scheduler": {"estimate": "heun", "renose": "sde"}},
            "scheduler: unknown name 'renose' — did you mean 'renoise'?",
        ),
        (
            {**UNET, "spacing": {"name": "trailing", "steps": 2000}},
            "spacing: trailing with 2000 steps does not go from noise to clean: ask for fewer steps",
        ),
        (
            {**UNET, "spacing": {"name": "explicit_log_snrs", "log_snrs": [3.0, 1.0]}},
            "spacing: explicit_log_snrs with 20 steps does not go from noise to clean",
        ),
        (
            {**UNET, "spacing": {"name": "explicit_log_snrs", "log_snrs": [float("inf")]}},
            "spacing: explicit_log_snrs with 20 steps does not go from noise to clean",
        ),
    ],
)
def test_a_single_fault(registry, values, fault):
    (told,) = faults(values, registry)
    assert told.startswith(fault)


def test_a_network_that_cannot_be_read_where_the_walk_begins_is_refused(registry):
    model = {"name": "unet", "schedule": "flow", "prediction": "epsilon"}
    (told,) = faults({"model": model}, registry)
    assert told.startswith("spacing: the first level is pure noise (alpha = 0), where this prediction says")
    assert "explicit_sigmas" in told
    lower = {"name": "explicit_sigmas", "sigmas": [20.0, 1.0]}
    factory.check(parse(PipelineSpec, {"model": model, "spacing": lower}), registry)


def test_a_guidance_that_the_scheduler_would_not_heed_is_refused(registry):
    (told,) = faults({**UNET, "scheduler": "ddim_inverse", "guidance": "cfg_pp"}, registry)
    assert told.startswith(
        "guidance: it pushes x beside the clean estimate, which ddim_inverse does not heed: "
    )
    corrected = {"estimate": "dpmpp_2m", "correct": "unic"}
    (told,) = faults({**UNET, "scheduler": corrected, "guidance": "cfg_pp"}, registry)
    assert "which a corrector does not heed" in told
    factory.check(parse(PipelineSpec, {**UNET, "scheduler": "euler", "guidance": "cfg_pp"}), registry)
    factory.check(parse(PipelineSpec, {**UNET, "scheduler": "ddim_inverse", "guidance": "cfg"}), registry)


def test_what_a_loop_itself_refuses_is_told_before_it_runs(registry):
    flow = {"name": "unet", "schedule": "flow", "prediction": "flow"}
    (told,) = faults({"model": flow, "scheduler": "euler_maruyama"}, registry)
    assert told.startswith("scheduler: ")
    assert "pure noise" in told


def test_a_schedule_whose_options_contradict_one_another_is_told(registry):
    wrong = {"name": "vp", "terminal": "zero", "label": "log_sigma"}
    (told,) = faults({"model": {"name": "unet", "schedule": wrong}}, registry)
    assert told.startswith("model.schedule: terminal 'zero' has no log sigma")


@pytest.mark.parametrize(
    ("scheduler", "spacing", "expected"),
    [
        ("DPM++ 2M Karras", {"steps": 7}, {"name": "karras", "steps": 7}),
        ("dpmpp_2m_uniform_log_snr", {"steps": 7}, {"name": "exponential", "steps": 7}),
        ("dpm++ 2m karras", {"name": "beta", "steps": 7}, {"name": "beta", "steps": 7}),
        ("dpm++ 2m", {"steps": 7}, {"name": "trailing", "steps": 7}),
        ({"name": "dpm++ 2m karras", "kind": "heun"}, {"steps": 7}, {"name": "karras", "steps": 7}),
    ],
)
def test_a_scheduler_s_name_may_end_in_a_spacing(registry, scheduler, spacing, expected):
    values = {**UNET, "scheduler": scheduler, "spacing": spacing}
    one, other = (
        parse(PipelineSpec, each) for each in (values, {**UNET, "scheduler": "dpmpp_2m", "spacing": expected})
    )
    factory.check(one, registry)
    assert torch.equal(factory.log_snrs(one, registry), factory.log_snrs(other, registry))
    assert made(registry, name="dpm++ 2m karras") == made(registry, name="dpmpp_2m")


def test_a_good_spec_has_no_fault(registry):
    factory.check(parse(TrainSpec, {**UNET, "data": "digits"}), registry)


def test_a_model_and_data_of_two_kinds_are_told():
    class Sounds:
        @hookimpl
        def diffsmith_datasets(self):
            return [DatasetCard("bells", "Bells", "diffsmith_image.datasets:digits", modality="audio")]

    (told,) = faults({**UNET, "data": "bells"}, with_plugin(Sounds()), TrainSpec)
    assert told == "data: bells is audio data, unet makes image"


def test_a_model_s_card_says_what_the_spec_leaves_out(registry):
    plain, told = (
        parse(PipelineSpec, {"model": {"name": "unet", **choices}}).model
        for choices in ({}, {"schedule": "flow", "prediction": "flow"})
    )
    at = torch.tensor([0.5], dtype=torch.float64)
    assert not torch.equal(factory.schedule(plain, registry).at(at), factory.schedule(told, registry).at(at))
    level = factory.schedule(plain, registry).path(at)
    assert factory.prediction(plain, registry).mix(level) == (-level.sigma, level.alpha)
    assert factory.prediction(told, registry).mix(level) == (-1.0, 1.0)


def made(registry, **choice):
    """The estimate and the noise rule of a scheduler, with their options."""
    loop = factory.scheduler(SchedulerSpec(**choice), registry)
    loop = loop.args[0].keywords if loop.args else loop.keywords  # a row may walk in other coordinates
    return {role: (part.func.__name__, part.keywords) for role, part in loop.items()}


def test_an_option_of_a_row_goes_to_the_factor_that_has_it(registry):
    assert made(registry, name="ddim", eta=0.5) == {
        "estimate": ("euler", {}),
        "renoise": ("ancestral", {"eta": 0.5}),
    }
    assert made(registry, name="ddim")["renoise"] == ("ancestral", {"eta": 0.0})
    assert made(registry, name="heun", gamma=0.3) == {
        "estimate": ("heun", {}),
        "renoise": ("churn", {"gamma": 0.3}),
    }


def test_a_scheduler_of_one_s_own_is_an_estimate_and_a_noise_rule(registry):
    own = made(registry, estimate="dpmpp_3m", renoise={"name": "churn", "gamma": 0.2})
    assert own == {"estimate": ("dpmpp_3m", {}), "renoise": ("churn", {"gamma": 0.2})}
    assert made(registry, estimate="heun")["renoise"] == ("ode", {})
    assert made(registry, renoise="fresh")["estimate"] == ("euler", {})


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("DDIMScheduler", "ddim"),
        ("dpm++ 2m", "dpmpp_2m"),
        ("DPM++ 2M SDE", "dpmpp_2m_sde"),
        ("euler_A", "euler_ancestral"),
    ],
)
def test_a_scheduler_is_found_by_the_names_people_know(registry, name, row):
    assert made(registry, name=name) == made(registry, name=row)


def test_a_loop_of_its_own_gets_its_options():
    class Loops:
        @hookimpl
        def diffsmith_schedulers(self):
            return [SchedulerCard("own", "Its own loop", "json.encoder:JSONEncoder")]

    ours = with_plugin(Loops())
    assert factory.scheduler(SchedulerSpec(name="own", indent=2), ours).keywords == {"indent": 2}
    (told,) = faults({**UNET, "scheduler": {"name": "own", "indnt": 2}}, ours)
    assert told.startswith("scheduler: unknown name 'indnt' — did you mean 'indent'?")


def test_faults_of_form_and_of_names_are_told_together(registry):
    values = {
        "model": {"name": "unett", "classes": 0},
        "data": "digitz",
        "train": {"lr": 9, "stepz": 3},
        "spacing": "karas",
        "engine": 7,
    }
    with pytest.raises(SpecError) as told:
        factory.checked(TrainSpec, values, registry, "mine.yaml")
    assert all(fault.startswith("mine.yaml: ") for fault in told.value.faults)
    places = {fault.removeprefix("mine.yaml: ").partition(":")[0] for fault in told.value.faults}
    assert places == {
        "model.classes",
        "train",
        "train.lr",
        "engine",
        "model.name",
        "data.name",
        "spacing.name",
    }


def test_a_refiner_is_as_the_first_pipeline_but_for_what_it_says():
    refiner = {"model": "sdxl_refiner", "weights": "there", "guidance": "none"}
    values = {
        "model": "sdxl",
        "weights": "here",
        "scheduler": "heun",
        "guidance": {"name": "cfg", "scale": 3},
        "refiner": refiner,
    }
    spec = parse(PipelineSpec, values)
    found = factory.refiner_of(spec)
    assert (found.scheduler, found.guidance.name, found.weights) == (spec.scheduler, "none", "there")
    assert found.spacing == spec.spacing
    assert found.to_dict() == {**parse(PipelineSpec, refiner).to_dict(), "scheduler": {"name": "heun"}}
    assert factory.refiner_of(parse(PipelineSpec, {"model": "sdxl"})) is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"scheduler": "dim"}, ["scheduler.name: unknown name 'dim'"]),
        (
            {"refiner": {"model": "sdxl_refiner", "scheduler": "dim"}},
            ["refiner.scheduler.name: unknown name 'dim'"],
        ),
        (
            {"refiner": {"model": "ddpm_cifar10"}},
            ["refiner: ddpm_cifar10 works on 3 channels, and sdxl makes 4"],
        ),
        (
            {"refiner": {"model": "sdxl_refiner", "refiner": {"model": "sdxl_refiner"}}},
            ["refiner.refiner: a refiner has none of its own"],
        ),
        ({"refiner": {"model": "unet"}}, ["refiner.model.shape: missing"]),
    ],
)
def test_a_fault_of_a_refiner_is_told_once(registry, changes, told):
    found = faults({"model": "sdxl", "refiner": {"model": "sdxl_refiner"}, **changes}, registry)
    assert len(found) == len(told)
    assert all(fault.startswith(start) for fault, start in zip(found, told, strict=True)), found
