"""Everything registered keeps the promises of its kind; and the suites notice when something does not."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.films import film

from diffsmith.cards import Card, MetricCard, ModelCard
from diffsmith.errors import SpecError
from diffsmith.registry import Registry
from diffsmith.testing.conformance import PublishedConformance, suite, suites
from diffsmith.testing.conformance.shared import example_of

EXPLICIT = {
    "explicit_timesteps": {"options": {"timesteps": (999.0, 500.0, 10.0)}, "steps": (3,)},
    "explicit_sigmas": {"options": {"sigmas": (14.0, 3.0, 0.1)}, "steps": (3,)},
    "explicit_log_snrs": {"options": {"log_snrs": (-3.0, 0.0, 3.0)}, "steps": (3,)},
}
# As published: a misplaced bracket from order 3 on; weights by a quadrature on 10,000 points.
AS_PUBLISHED = {"ipndm_v": {"options": {"max_order": 2}}, "deis_tab": {"tolerance": 1e-3}}

TEXT = {"text": (5, 8)}
SMALL = {"widths": (32, 64), "layers": 1, "depths": (0, 1)}
READERS = {
    "conditional_unet": {
        "options": {"text_width": 8, "added": 4 + 6 * 2, "size_waves": 2, "guidance": 4},
        "reads": {"label": (), **TEXT, "pooled": (4,), "sizes": (6,), "guidance": ()},
    },
    "motion_unet": {
        "options": {"text_width": 8, "added": 4 + 6 * 2, "size_waves": 2, "guidance": 4},
        "reads": {"label": (), **TEXT, "pooled": (4,), "sizes": (6,), "guidance": ()},
    },
    "clip_unet": {"options": {"text_width": 8}, "reads": TEXT},
    "i2vgen": {
        "options": {"text_width": 8},
        "reads": {**TEXT, "image": (8,), "beside": (1, 4, 8, 8), "fps": ()},
    },
    "videocrafter": {"options": {"text_width": 8}, "reads": {**TEXT, "fps": ()}},
    "spatio_temporal_unet": {
        "options": {**SMALL, "heads": (4, 4), "text_width": 8, "numbers": 3, "extra_channels": 4},
        "reads": {**TEXT, "beside": (4, 1, 8, 8), "numbers": (3,)},
    },
    "mvdream": {"options": {"text_width": 8}, "reads": {"label": (), **TEXT, "camera": (4, 16)}},
    "head_views": {
        "options": {**SMALL, "heads": (4, 4), "text_width": 8, "image_width": 6},
        "reads": {"label": (), **TEXT, "camera": (4, 12), "image": (7, 6), "beside": (4, 4, 8, 8)},
    },
    "pixart": {
        "options": {"heads": 2, "head_dim": 12, "depth": 1, "text_width": 8, "sizes": True},
        "reads": {**TEXT, "sizes": (3,)},
    },
}
"""Networks that read a text, made small."""

globals().update(suites(**EXPLICIT, **AS_PUBLISHED, **READERS))


@pytest.fixture(autouse=True)
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The data sets `folder` and `clips` need folders."""
    if request.cls is not None and request.cls.name == "folder":
        for number in range(20):
            Image.effect_noise((8, 8), 40 + number).save(tmp_path / f"{number}.png")
        request.cls.options = {"path": str(tmp_path), "size": 8}
    if request.cls is not None and request.cls.name == "clips":
        for number in range(20):
            film(tmp_path / f"{number}.mp4", noise(number))
        request.cls.options = {"path": str(tmp_path), "size": 16, "frames": 4}


def noise(seed: int) -> np.ndarray:
    """Eight small frames of colour."""
    return np.random.default_rng(seed).integers(0, 255, (8, 16, 16, 3), dtype=np.uint8)


def test_there_is_a_suite_for_every_entry(registry: Registry) -> None:
    kinds = ("models", "estimates", "spacings", "datasets", "metrics", "modalities")
    assert set(suites()) == {f"Test_{kind}_{name}" for kind in kinds for name in registry.names(kind)}


def test_suites_of_one_plugin_are_what_it_brings() -> None:
    assert "Test_models_unet" in suites(plugin="image")
    assert "Test_estimates_heun" not in suites(plugin="image")


def test_things_are_tried_with_an_example_of_their_modality(registry: Registry) -> None:
    for modality in ("image", "video"):
        assert registry.get("datasets", example_of(modality).data).modality == modality
    assert len(example_of("video").shape) == 4
    assert example_of("scents") == example_of("image")


def test_what_was_published_is_looked_at_and_not_run(registry: Registry) -> None:
    published = [name for name in registry.names("models") if registry.get("models", name).shape]
    assert len(published) > 50
    assert {suite("models", name, registry) for name in published} == {PublishedConformance}
    assert "sd15" in published
    assert "dit" not in published


def _deaf(shape, classes):
    """A network that hears neither the time nor the class, and has a parameter that learns nothing."""

    class Deaf(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.idle = (torch.nn.Parameter(torch.ones(1)) for _ in "ab")

        def forward(self, x, timestep, label):
            return x * self.used

    return Deaf()


def _blind(denoise, x, x0, step):
    return x0 * 1.1


def _short(schedule, steps):
    return torch.linspace(-3, 3, steps + 1, dtype=torch.float64)


def _liar(samples, reference):
    return -float(samples.std())


def _lost(shape, classes):
    """A published network, whose row is wrong."""
    return torch.nn.Linear(1, 1)


def _row(**facts) -> ModelCard:
    whole = {"summary": "A row.", "licence": "MIT", "source": "here", "shape": (4, 8, 8)}
    return ModelCard("lost", **{**whole, **facts})


BROKEN = [
    ("models", ModelCard("deaf", ""), _deaf, "test_hears_the_time_and_the_condition"),
    ("models", ModelCard("deaf", ""), _deaf, "test_every_parameter_learns"),
    ("models", _row(), lambda shape, classes: torch.nn.Identity(), "test_its_numbers_make_a_network"),
    ("models", _row(usual={"scheduler": "ddimm"}), _lost, "test_it_is_a_pipeline_as_it_was_published"),
    ("models", _row(conditioner={"name": "clippy"}), _lost, "test_it_is_a_pipeline_as_it_was_published"),
    ("models", _row(modality="smell"), _lost, "test_it_is_a_pipeline_as_it_was_published"),
    (
        "models",
        _row(autoencoder={"name": "kl", "channels": 16}),
        _lost,
        "test_its_autoencoder_speaks_of_its_latents",
    ),
    ("models", _row(licence=""), _lost, "test_it_tells_what_people_ask"),
    ("models", _row(conditioner={"name": "clip"}), _lost, "test_it_tells_what_people_ask"),
    ("models", ModelCard("deaf", "", modality="smell"), _deaf, "test_its_card_names_what_exists"),
    ("estimates", Card("blind", ""), _blind, "test_is_exact_where_the_clean_estimate_never_changes"),
    ("estimates", Card("blind", ""), _blind, "test_converges"),
    ("spacings", Card("short", ""), _short, "test_visits_that_many_levels_in_order_and_ends_clean"),
    (
        "metrics",
        MetricCard("liar", "", direction="maximize"),
        _liar,
        "test_real_data_score_better_than_noise",
    ),
]


@pytest.mark.parametrize(("kind", "card", "function", "test"), BROKEN)
def test_a_suite_notices_what_is_broken(kind, card, function, test) -> None:
    vars(card)["function"] = function
    registry = Registry([("core", lambda: __import__("diffsmith.builtin_plugin", fromlist=["x"]))])
    registry._put(kind, card, "core")
    image = __import__("diffsmith_image")
    registry._admit("image", lambda: image)
    facts = {"name": card.name, "registry": staticmethod(lambda: registry)}
    broken = type("Suite", (suite(kind, card.name, registry),), facts)()
    with pytest.raises((AssertionError, SpecError)):
        getattr(broken, test)()
