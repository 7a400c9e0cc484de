from functools import partial
from itertools import islice, pairwise

import pytest
import torch

from diffsmith.diffusion import levels, renoise
from diffsmith.diffusion.estimates import adams, adams_fixed
from diffsmith.diffusion.estimates.single import euler
from diffsmith.diffusion.noise import Seeded
from diffsmith.diffusion.trajectory import trajectory
from diffsmith.testing import bare, three_blobs

LOG_SNRS = torch.linspace(-2, 2, 7, dtype=torch.float64)
X = torch.randn(8, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def walk(estimate, path=levels.vp, denoise=None, log_snrs=LOG_SNRS, **options):
    def chosen(*asked):
        return estimate(*asked, **options)

    denoise = denoise or three_blobs().denoise
    *_, last = trajectory(denoise, X, bare(path), log_snrs, Seeded([]), estimate=chosen)
    return last.x


def asked_by(**options):
    """The log-SNRs at which PNDM asks."""
    asked = []

    def denoise(x, level):
        asked.append(round(level.log_snr, 6))
        return three_blobs().denoise(x, level)

    walk(adams_fixed.pndm, denoise=denoise, **options)
    return asked


def test_pndm_asks_twice_at_the_second_level():
    one, two, *_ = levels_visited = [round(each, 6) for each in LOG_SNRS.tolist()]
    assert asked_by() == [one, two, *levels_visited[1:-1]]


def test_pndm_starts_with_runge_kutta_halfway_in_time():
    visited = [round(each, 6) for each in LOG_SNRS.tolist()]
    started = [
        place
        for here, there in pairwise(visited[:4])
        for place in (here, *[round((here + there) / 2, 6)] * 2, there)  # the bare schedule's time is log-SNR
    ]
    assert asked_by(start="runge_kutta") == pytest.approx([*started, *visited[3:-1]], abs=2e-6)


@pytest.mark.parametrize("start", ["plms", "runge_kutta"])
def test_the_start_is_better_than_euler_s(start):
    """After the first step of two; its middle halfway in time costs Runge-Kutta its fourth order."""

    def first(estimate, steps, **options):
        log_snrs = torch.linspace(-1, -0.4, 2 * steps + 1, dtype=torch.float64)
        denoise = three_blobs().denoise
        frames = trajectory(
            denoise, X, bare(levels.vp), log_snrs, Seeded([]), estimate=partial(estimate, **options)
        )
        return next(islice(frames, steps - 1, None)).x

    true = first(adams_fixed.ipndm, 400)
    started, plain = first(adams_fixed.pndm, 1, start=start), first(euler, 1)
    assert (started - true).norm() < (plain - true).norm() / 2


def test_what_is_extrapolated_makes_a_difference():
    assert not torch.allclose(walk(adams_fixed.pndm), walk(adams_fixed.pndm, extrapolate="v"))


@pytest.mark.parametrize("path", [levels.ve, levels.vp, levels.flow])
def test_gradient_estimation_at_one_and_a_half_is_adams_bashforth(path):
    estimated = walk(adams_fixed.gradient_estimation, path, ge_gamma=1.5)
    torch.testing.assert_close(estimated, walk(adams_fixed.ipndm, path, max_order=2))
    torch.testing.assert_close(walk(adams_fixed.gradient_estimation, path, ge_gamma=1.0), walk(euler, path))


@pytest.mark.parametrize("estimate", [adams.lms, adams_fixed.ipndm])
def test_nothing_is_extrapolated_across_fresh_noise(estimate):
    def ends(chosen):
        noise = Seeded(range(8))
        denoise, schedule = three_blobs().denoise, bare(levels.vp)
        frames = trajectory(denoise, X, schedule, LOG_SNRS, noise, estimate=chosen, renoise=renoise.ancestral)
        *_, last = frames
        return last.x

    assert torch.equal(ends(estimate), ends(euler))
