"""Where the last step leads, and what no walk is made of: one place for pipelines and for `sample`."""

import pytest
import torch

from diffsmith import factory
from diffsmith.diffusion import schedules
from diffsmith.errors import SpecError
from diffsmith.specs import SchedulerSpec, SpacingSpec, parse

VP = schedules.vp()
CLEAN = VP.ends()[0]


def grid(registry, **spacing):
    solver = SchedulerSpec(name="ddim")
    return factory.grid(VP, solver, parse(SpacingSpec, {"steps": 5, **spacing}), registry)


def test_zero_is_where_the_last_step_leads(registry):
    assert grid(registry)[-1] == torch.inf
    assert len(grid(registry)) == 6


def test_to_the_clean_end_of_training(registry):
    left = grid(registry, final="sigma_min")
    assert len(left) == 6
    assert left[-1] == CLEAN
    assert torch.equal(left[:-1], grid(registry)[:-1])


@pytest.mark.parametrize("name", ["karras", "leading"])
def test_what_ends_there_already_takes_one_step_less(registry, name):
    left = grid(registry, name=name, final="sigma_min")
    assert len(left) == 5
    torch.testing.assert_close(left, grid(registry, name=name)[:-1])


def test_to_the_last_level_that_is_visited(registry):
    assert torch.equal(grid(registry, final="listed"), grid(registry)[:-1])


@pytest.mark.parametrize(("sigmas", "count"), [((3.0, 1.0), 2), ((3.0, 1.0, 0.0), 3)])
def test_a_list_of_ones_own_says_where_it_ends(registry, sigmas, count):
    assert len(grid(registry, name="explicit_sigmas", sigmas=sigmas, final="listed")) == count
    assert len(grid(registry, name="explicit_sigmas", sigmas=sigmas)) == 3


def test_a_list_may_end_at_the_clean_end_of_training(registry):
    left = grid(registry, name="explicit_sigmas", sigmas=(3.0, 1.0), final="sigma_min")
    assert left[-1] == CLEAN
    assert len(left) == 3


@pytest.mark.parametrize(
    ("spacing", "fault"),
    [
        ({"name": "explicit_sigmas", "sigmas": (3.0, 3.0)}, "level 2, log-SNR -1.099, is not cleaner"),
        ({"name": "explicit_sigmas", "sigmas": (1.0, 3.0)}, "level 2, log-SNR -1.099, is not cleaner"),
        ({"name": "explicit_sigmas", "sigmas": (3.0, float("nan"))}, "level 2, log-SNR nan, is not cleaner"),
        ({"name": "explicit_sigmas", "sigmas": (3.0, 0.0, 1.0)}, "level 3, log-SNR -0, is not cleaner"),
        (
            {"name": "explicit_sigmas", "sigmas": (float("inf"), float("inf"))},
            "level 2, log-SNR -inf, is not",
        ),
        ({"name": "leading", "steps": 1, "final": "sigma_min"}, "one level is no step"),
        ({"name": "leading", "steps": 1, "final": "listed"}, "one level is no step"),
    ],
)
def test_a_damaged_grid_is_refused(registry, spacing, fault):
    with pytest.raises(SpecError) as told:
        grid(registry, **spacing)
    assert fault in str(told.value)
    assert "does not go from noise to clean" in str(told.value)


def test_what_a_spacing_refuses_is_told_under_its_name(registry):
    with pytest.raises(SpecError, match="spacing: lcm with 60 steps"):
        grid(registry, name="lcm", steps=60)
