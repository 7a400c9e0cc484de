"""The rows of published pixel U-Nets: each names what exists, and stands for what was published."""

import pytest
import torch

from diffsmith import factory
from diffsmith.diffusion.levels import ve
from diffsmith.diffusion.renoise import consistency, posterior
from diffsmith.interop import load_scheduler
from diffsmith.options import checked_options, options_model
from diffsmith.registry import default_registry
from diffsmith.specs import Choice, PipelineSpec, parse
from diffsmith_image.pixel_unets import PIXEL_UNETS
from diffsmith_image.pixel_unets.cards import AUTOENCODERS, LAYOUTS, NETWORKS, SINGLE_FILES

ROWS = [card for card in PIXEL_UNETS if card not in NETWORKS]
CARDS = {card.name: card for card in PIXEL_UNETS}
EVERY = pytest.mark.parametrize("card", ROWS, ids=lambda card: card.name)

DDPM = {"_class_name": "DDPMScheduler", "beta_schedule": "linear", "clip_sample": True}
CM = {"_class_name": "CMStochasticIterativeScheduler"}
VE = {"_class_name": "ScoreSdeVeScheduler"}
PUBLISHED = {
    "ddpm_cifar10": DDPM | {"variance_type": "fixed_large"},
    "ddpm_church_256": DDPM | {"variance_type": "fixed_small"},
    "cd_imagenet64": CM,
    "ct_imagenet64": CM | {"num_train_timesteps": 201},
    "ct_cat256": CM | {"num_train_timesteps": 151},
    "ncsnpp_ffhq_1024": VE,
}
"""scheduler_config.json of some."""


def test_no_two_answer_to_one_name():
    names = [name for card in PIXEL_UNETS for name in (card.name, *card.aliases)]
    assert len(names) == len(set(names))


@EVERY
def test_a_row_says_what_is_needed_to_use_it(card):
    assert card.summary.endswith(".")
    assert checked_options(card.function, card.defaults, card.name) == card.defaults
    assert (card.part, card.shape[0], card.shape[1]) == ("unet", 3, card.shape[2])
    assert all((card.licence, card.source))
    assert card.weights.count("/") == 1 or "https://" in card.source


@EVERY
def test_a_row_can_be_drawn_up_and_has_the_levels_its_pictures_allow(card):
    with torch.device("meta"):
        network = card.function(card.shape, card.classes, **card.defaults)
    assert sum(weight.numel() for weight in network.parameters()) > 3e7
    assert all(each.device.type == "cpu" for name, each in network.named_buffers() if "kernel" in name)


@EVERY
def test_what_it_is_usually_run_with_is_a_pipeline(card):
    facts = {"schedule": card.schedule, "prediction": card.prediction, "boundary": card.boundary}
    factory.check(parse(PipelineSpec, {"model": {"name": "unet", **facts}, **card.usual}), default_registry())


@pytest.mark.parametrize("name", PUBLISHED)
def test_it_walks_as_its_scheduler_was_configured(name):
    card, published = CARDS[name], load_scheduler(PUBLISHED[name])
    usual, model = dict(card.usual), published.pop("model")
    published["spacing"]["steps"] = usual["spacing"]["steps"]
    own = {"schedule": card.schedule, "prediction": card.prediction, "boundary": card.boundary, **usual}
    linear = {("start", 1e-4), ("end", 0.02)}  # as it is where nothing is said
    model["schedule"] = dict(model["schedule"].items() - linear)
    theirs = {**model, **published}
    assert {part for part, choice in own.items() if choice} == theirs.keys()
    assert {part: whole(part, own[part]) for part in theirs} == {
        part: whole(part, theirs[part]) for part in theirs
    }


KINDS = {
    "schedule": "schedules",
    "prediction": "predictions",
    "boundary": "boundaries",
    "spacing": "spacings",
}


def whole(part, choice):
    """A choice with everything that it leaves out."""
    choice = dict(choice)
    beside = {key: choice.pop(key, "zero") for key in ("steps", "final") if part == "spacing"}
    card = default_registry().get(KINDS.get(part, f"{part}s"), choice.pop("name"))
    function = (
        posterior if card.name == "ddpm" else consistency if card.name == "consistency" else card.function
    )
    given = {**getattr(card, "defaults", {}), **choice}
    return {"name": card.name, **beside, **options_model(function).model_validate(given).model_dump()}


@pytest.mark.parametrize(
    ("name", "sigma", "label"),
    [
        ("cd_imagenet64", 80.0, 1095.5066587311867),  # 250 ln sigma
        ("edm_cifar10_cond_vp", 80.0, 1.0955066587311867),  # ln(sigma) / 4
        ("edm_baseline_cifar10_ve", 100.0, 3.912023005428146),  # ln(sigma / 2)
        ("edm_baseline_imagenet64", 0.5, 289),  # of a thousand, the nearest
        ("ncsnpp_ffhq_1024", 1348.0, 1348.0),
    ],
)
def test_networks_are_told_the_noise_in_their_own_way(name, sigma, label):
    schedule = default_registry().bind("schedules", Choice.model_validate(CARDS[name].schedule))()
    told = schedule.label(schedule.path(ve(-torch.tensor(sigma).double().log().item()).log_snr))
    assert told == pytest.approx(label, rel=1e-9)


@pytest.mark.parametrize(
    "card", [*AUTOENCODERS, *LAYOUTS, *SINGLE_FILES, *NETWORKS], ids=lambda card: card.name
)
def test_what_the_table_of_contents_names_is_there(card):
    assert card.summary.endswith(".")
    assert card.function is not None
