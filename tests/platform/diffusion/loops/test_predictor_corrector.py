import math

import pytest
import torch

from diffsmith.diffusion import levels, renoise
from diffsmith.diffusion.loops.predictor_corrector import sa_solver_pece
from diffsmith.diffusion.noise import Seeded
from diffsmith.testing import bare, three_blobs

EXACT = three_blobs().denoise
LOG_SNRS = torch.tensor([-2.0, -1, 0, 1, 2, math.inf], dtype=torch.float64)


def start():
    return torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def walk(x, denoise=EXACT, drawn=0, log_snrs=LOG_SNRS, **options):
    return list(sa_solver_pece(denoise, x, bare(levels.vp), log_snrs, Seeded(range(3), drawn), **options))


def test_asks_again_where_it_has_corrected():
    asked = []

    def denoise(x, level):
        asked.append((x.clone(), level))
        return three_blobs().denoise(x, level)

    walk(start(), denoise)
    assert len(asked) == 9
    for (before, here), (after, there) in zip(asked[1::2], asked[2::2], strict=True):
        assert here == there
        assert not torch.equal(before, after)


def test_goes_on_from_a_frame_bit_for_bit():
    whole = walk(start())
    assert torch.equal(whole[-1].x, walk(whole[1], drawn=2)[-1].x)


def test_finite_from_pure_noise():
    log_snrs = torch.tensor([-math.inf, -2, 0, 2, math.inf], dtype=torch.float64)
    frames = sa_solver_pece(three_blobs().denoise, start(), bare(levels.flow), log_snrs, Seeded(range(3)))
    assert all(frame.x.isfinite().all() for frame in frames)


def test_fresh_noise_on_a_part_of_the_way_only():
    drawn = []

    def noise(x, here, there):
        drawn.append(there.ratio)
        return torch.zeros_like(x)

    options = {"tau_from": 2.0, "tau_to": 0.5}
    list(sa_solver_pece(three_blobs().denoise, start(), bare(levels.vp), LOG_SNRS, noise, **options))
    assert drawn == [pytest.approx(1.0)]


@pytest.mark.parametrize(("at", "ratio"), [("start", 3.0), ("end", 1.0)])
def test_either_end_of_a_step_can_be_the_one_that_counts(at, ratio):
    here, there = levels.vp(-math.log(3)), levels.vp(0.0)
    step = renoise.sa(here, there, tau=0.7, tau_from=1.1 * ratio, tau_to=0.9 * ratio, tau_at=at)
    assert step == renoise.sde(here, there, eta=0.7**2)
    assert renoise.sa(here, there, tau_from=0.8 * ratio, tau_at=at) == renoise.ode(here, there)


def test_the_noise_form_has_the_right_size_in_small_steps():
    for width, loss in ((0.1, 3e-2), (0.001, 3e-6)):
        here, there = levels.vp(0.0), levels.vp(width)
        step = renoise.sa(here, there, form="noise")
        assert step.down.sigma**2 + step.fresh**2 == pytest.approx(there.sigma**2, rel=loss)


@pytest.mark.parametrize("ends", [(-math.inf, -1.0), (1.0, math.inf)])
def test_the_noise_form_follows_the_ode_where_it_means_nothing(ends):
    here, there = (levels.flow(end) for end in ends)
    assert renoise.sa(here, there, form="noise") == renoise.ode(here, there)
