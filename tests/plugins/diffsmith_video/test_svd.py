"""The rows of Stable Video Diffusion: each names what exists, and stands for what was published."""

import pytest

from diffsmith.interop import load_scheduler
from diffsmith.options import checked_options
from diffsmith.specs import Choice, PartSpec, PipelineSpec
from diffsmith_video.single_files.svd import SCHEDULER
from diffsmith_video.svd import SVD

EVERY = pytest.mark.parametrize("card", SVD, ids=lambda card: card.name)


def test_all_are_here_and_no_two_answer_to_one_name():
    assert {card.name: card.shape for card in SVD} == {
        "svd": (4, 14, 72, 128),
        "svd_xt": (4, 25, 72, 128),
        "svd_xt_1_1": (4, 25, 72, 128),
    }
    names = [name for card in SVD for name in (card.name, *card.aliases)]
    assert len(names) == len(set(names))


@EVERY
def test_it_walks_as_its_scheduler_was_configured(card):
    published = load_scheduler(SCHEDULER)
    assert {"timesteps": 1000, **card.schedule} == published["model"]["schedule"]
    assert card.prediction == published["model"]["prediction"]
    assert card.usual["scheduler"] == published["scheduler"]
    assert card.usual["spacing"] == {**published["spacing"], "steps": 25}


@EVERY
def test_what_a_row_is_used_with_is_registered_and_its_options_are_possible(card, registry):
    assert checked_options(card.function, card.defaults, card.name) == card.defaults
    spec = PipelineSpec.model_validate({"model": card.name, **card.usual})
    chosen = {"guidance": spec.guidance, "spacings": spec.spacing}
    chosen |= {"schedules": Choice.model_validate(card.schedule)}
    chosen |= {"predictions": Choice.model_validate(card.prediction)}
    for kind, choice in chosen.items():
        assert registry.bind(kind, choice)
    autoencoder = PartSpec.model_validate(card.autoencoder)
    coder = registry.get("autoencoders", autoencoder.name).function
    assert checked_options(coder, autoencoder.options, "autoencoder") == {"scaling": 0.18215}
    assert registry.get("conditioners", card.conditioner["name"])


@EVERY
def test_it_names_where_it_is_from(card):
    assert card.modality == "video"
    assert card.weights.startswith("stabilityai/stable-video-diffusion-img2vid")
    assert card.weights in card.aliases
    assert all((card.summary.endswith("."), card.licence, card.source, card.fps))
    assert card.part == "unet"
