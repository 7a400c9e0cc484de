"""The rows of published models that make clips of a text: each names what exists, and what was published."""

import pytest

from diffsmith import factory
from diffsmith.interop import load_scheduler
from diffsmith.options import checked_options
from diffsmith.specs import Choice, PipelineSpec
from diffsmith_video.text_to_video import TEXT_TO_VIDEO

TABLE = {
    "_class_name": "DDIMScheduler",
    "num_train_timesteps": 1000,
    "steps_offset": 1,
    "clip_sample": False,
}
SCALED = TABLE | {
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "set_alpha_to_one": False,
}
COSINE = TABLE | {
    "beta_schedule": "squaredcos_cap_v2",
    "rescale_betas_zero_snr": True,
    "prediction_type": "v_prediction",
    "set_alpha_to_one": True,
}
CARDS = {card.name: card for card in TEXT_TO_VIDEO}
PUBLISHED = {
    "modelscope": (SCALED, 9.0),
    "zeroscope_576w": (SCALED, 9.0),
    "zeroscope_xl": (SCALED, 15.0),
    "i2vgen_xl": (COSINE, 9.0),
    "videocrafter1_t2v": (SCALED, 12.0),
    "videocrafter1_t2v_1024": (SCALED, 12.0),
    "videocrafter1_i2v": (SCALED, 12.0),
    "videocrafter2": (SCALED, 12.0),
}
FADING = {"videocrafter1_t2v_1024": 0.3, "videocrafter1_i2v": 0.7, "videocrafter2": 0.7}
EVERY = pytest.mark.parametrize("card", TEXT_TO_VIDEO, ids=lambda card: card.name)


def test_all_are_here_and_no_two_answer_to_one_name():
    assert CARDS.keys() == PUBLISHED.keys()
    names = [name for card in TEXT_TO_VIDEO for name in (card.name, *card.aliases)]
    assert len(names) == len(set(names))


@EVERY
def test_its_options_are_those_of_its_builder(card):
    assert checked_options(card.function, card.defaults, card.name) == card.defaults


@EVERY
def test_it_walks_as_its_scheduler_was_configured(card):
    config, scale = PUBLISHED[card.name]
    published = load_scheduler(config)
    model = published.pop("model")
    known = {"timesteps": 1000} | (
        {"name": "vp_fading", "least": FADING[card.name]} if card.name in FADING else {}
    )
    assert card.schedule | known == model["schedule"] | known
    assert card.prediction == model["prediction"]
    assert card.usual["spacing"] == published["spacing"] | {"steps": 50}
    eta = {"eta": 1.0} if card.name.startswith("videocrafter") else {}
    assert card.usual["scheduler"] == published["scheduler"] | eta
    assert card.usual["guidance"] == {"name": "cfg", "scale": scale}


@EVERY
def test_what_it_says_of_noise_and_steps_is_known(card, registry):
    registry.bind("schedules", Choice(**card.schedule))()
    factory.checked(PipelineSpec, {"model": "sd15", **card.usual}, registry)


@EVERY
def test_its_clips_and_its_parts_are_told(card):
    channels, frames, height, width = card.shape
    assert (channels, card.modality, card.autoencoder["scaling"]) == (4, "video", 0.18215)
    assert frames in (16, 24) and height % 8 == 0 and width % 8 == 0
    assert card.fps and card.licence and card.source and card.encoders["text_encoder"]
    assert ("image_encoder" in card.encoders) == (card.name in ("i2vgen_xl", "videocrafter1_i2v"))
