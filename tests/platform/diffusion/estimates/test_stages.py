"""Estimates made in stages: which of them are one, and where they look."""

from functools import partial

import pytest
import torch

from diffsmith.diffusion import levels, renoise
from diffsmith.diffusion.estimates import stages
from diffsmith.diffusion.loops.dpm_solver_singlestep import dpm_solver_singlestep
from diffsmith.diffusion.loops.seeds import seeds_2, seeds_3
from diffsmith.diffusion.noise import Seeded
from diffsmith.diffusion.trajectory import trajectory
from diffsmith.testing import bare, three_blobs

DENOISE = three_blobs().denoise
GRID = torch.tensor([-3.0, -1.2, 0.1, 1.0, 2.5, torch.inf], dtype=torch.float64)
X = torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def arrive(loop, log_snrs=GRID, path=levels.flow, denoise=DENOISE):
    *_, last = loop(denoise, X, bare(path), log_snrs, Seeded([1, 2, 3]))
    return last.x


def walking(name, rule=renoise.ode, **options):
    return partial(trajectory, estimate=partial(getattr(stages, name), **options), renoise=rule)


SAME = {
    "2S is the SDE without noise": (walking("dpmpp_2s"), walking("dpmpp_sde")),
    "anywhere it looks": (walking("dpmpp_2s", r=0.3), walking("dpmpp_sde", r=0.3)),
    "SEEDS-2 without noise": (walking("dpmpp_2s", r=0.4), partial(seeds_2, eta=0.0, r=0.4)),
    "SEEDS-3 without noise": (walking("dpmpp_3s"), partial(seeds_3, eta=0.0)),
}


@pytest.mark.parametrize("path", [levels.ve, levels.vp, levels.flow])
@pytest.mark.parametrize("pair", SAME.values(), ids=SAME)
def test_solvers_that_are_one(pair, path):
    one, other = (arrive(loop, path=path) for loop in pair)
    torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("form", "name"), [("dpmsolver++", "dpmpp_2s"), ("dpmsolver", "dpm_solver_2")])
def test_on_a_grid_of_their_places_to_look_they_are_singlestep(form, name):
    """Pairs of the fine grid's steps are steps of the coarse one, each with a look at the level between."""
    coarse, fine = (torch.linspace(-2, 2, count, dtype=torch.float64) for count in (5, 9))
    single = arrive(partial(dpm_solver_singlestep, form=form), fine)
    torch.testing.assert_close(single, arrive(walking(name), coarse), rtol=1e-12, atol=1e-12)


def test_from_pure_noise_the_first_look_is_halfway_in_flow_time():
    asked = []

    def denoise(x, level):
        asked.append(levels.flow(level.log_snr).sigma)
        return three_blobs().denoise(x, level)

    grid = torch.tensor([-torch.inf, 0.0], dtype=torch.float64)
    for name in ("dpmpp_2s", "dpm_solver_2", "dpmpp_sde"):
        arrive(walking(name), grid, denoise=denoise)
    assert asked == pytest.approx([1, 0.75] * 3)


def test_the_noise_at_the_middle_is_the_stage_s_own():
    drawn = []

    def noise(x, here, there):
        drawn.append((here.log_snr, there.log_snr))
        return torch.zeros_like(x)

    loop = walking("dpmpp_sde", renoise.ancestral)
    grid = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    list(loop(three_blobs().denoise, X, bare(levels.ve), grid, noise))
    assert drawn == [(pytest.approx(-1), pytest.approx(0)), (pytest.approx(-1), pytest.approx(1))]


def test_seeds_stages_lie_on_one_noise_path():
    drawn = []

    def noise(x, here, there):
        drawn.append((here.log_snr, there.log_snr))
        return torch.zeros_like(x)

    grid = torch.tensor([-1.0, 2.0, torch.inf], dtype=torch.float64)
    list(seeds_3(three_blobs().denoise, X, bare(levels.ve), grid, noise))
    assert drawn == [pytest.approx(pair) for pair in ((-1, 0), (0, 1), (1, 2))]
