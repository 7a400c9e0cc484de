"""The rows of published models: each names what exists, and stands for what was published."""

import pytest

from diffsmith import factory
from diffsmith.interop import load_scheduler
from diffsmith.options import checked_options
from diffsmith.registry import default_registry
from diffsmith.specs import Choice, PipelineSpec, parse
from diffsmith_image.stable_diffusion import STABLE_DIFFUSION

TABLE = {
    "num_train_timesteps": 1000,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "steps_offset": 1,
}
PNDM = TABLE | {"_class_name": "PNDMScheduler", "skip_prk_steps": True, "set_alpha_to_one": False}
DDIM = TABLE | {"_class_name": "DDIMScheduler", "set_alpha_to_one": False, "clip_sample": False}
EULER = TABLE | {"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "leading"}
LCM = TABLE | {"_class_name": "LCMScheduler", "original_inference_steps": 50, "timestep_scaling": 10.0}
PUBLISHED = {
    "sd14": PNDM,
    "sd15": PNDM,
    "sd15_inpaint": PNDM,
    "sd2_base": PNDM,
    "sd2": DDIM | {"prediction_type": "v_prediction"},
    "sd21_base": PNDM,
    "sd21": DDIM | {"prediction_type": "v_prediction"},
    "sd2_inpaint": PNDM,
    "sdxl": EULER,
    "sdxl_refiner": EULER,
    "sdxl_inpaint": EULER,
    "lcm_dreamshaper": LCM,
}
"""scheduler_config.json of each."""

CARDS = {card.name: card for card in STABLE_DIFFUSION}
EVERY = pytest.mark.parametrize("card", STABLE_DIFFUSION, ids=lambda card: card.name)


def test_all_are_here_and_no_two_answer_to_one_name():
    assert CARDS.keys() == PUBLISHED.keys()
    names = [name for card in STABLE_DIFFUSION for name in (card.name, *card.aliases)]
    assert len(names) == len(set(names))


@EVERY
def test_its_options_are_those_of_its_builder(card):
    assert checked_options(card.function, card.defaults, card.name) == card.defaults


@EVERY
def test_it_walks_as_its_scheduler_was_configured(card):
    published = load_scheduler(PUBLISHED[card.name])
    model, spacing = published.pop("model"), published["spacing"]
    known = {"timesteps": 1000, "interpolation": "sigma"}  # by default; of no use to whole timesteps
    assert {**known, **card.schedule} == {**known, **model["schedule"]}
    assert (card.prediction, card.boundary) == (model["prediction"], model.get("boundary"))
    steps = card.usual["spacing"]["steps"]
    assert card.usual == {
        **published,
        "spacing": {**spacing, "steps": steps},
        "guidance": card.usual["guidance"],
    }


@EVERY
def test_what_it_is_usually_run_with_is_a_pipeline(card):
    small = {
        "name": "unet",
        "schedule": card.schedule,
        "prediction": card.prediction,
        "boundary": card.boundary,
    }
    factory.check(parse(PipelineSpec, {"model": small, **card.usual}), default_registry())


@EVERY
def test_it_names_where_it_is_from_and_what_stands_around_it(card):
    assert card.part == "unet"
    assert card.weights.count("/") == 1
    assert card.weights in card.aliases
    assert all((card.summary, card.licence, card.source, card.autoencoder, card.conditioner))
    channels, *sides = card.shape
    assert channels == 4
    assert sides == [{"sd2": 96, "sd21": 96}.get(card.name, 128 if "sdxl" in card.name else 64)] * 2
    assert Choice.model_validate(card.autoencoder).options["scaling"] == (
        0.13025 if "sdxl" in card.name else 0.18215
    )


@EVERY
def test_a_network_that_fills_a_mask_sees_it_beside_the_latents(card):
    assert card.defaults.get("extra_channels", 0) == (5 if "inpaint" in card.name else 0)
