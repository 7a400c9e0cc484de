from itertools import islice

import pytest
import torch

from diffsmith.diffusion import schedules
from diffsmith.diffusion.estimates.single import euler
from diffsmith.diffusion.loops.tcd import tcd
from diffsmith.diffusion.noise import Seeded
from diffsmith.diffusion.renoise import fresh
from diffsmith.diffusion.trajectory import trajectory
from diffsmith.testing import three_blobs

X = torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
FLOW = schedules.flow()
LOG_SNRS = torch.tensor([-torch.inf, -2.0, 0.0, 1.5, torch.inf], dtype=torch.float64)
DENOISE = three_blobs().denoise


def arrived(loop, schedule=FLOW, log_snrs=LOG_SNRS, **options):
    return list(loop(DENOISE, X, schedule, log_snrs, Seeded([1, 2, 3]), **options))


def test_without_eta_it_is_deterministic():
    torch.testing.assert_close(arrived(tcd, eta=0.0)[-1].x, arrived(trajectory, estimate=euler)[-1].x)


def test_all_of_eta_jumps_to_the_clean_end_of_training():
    """Nearly consistency sampling: what remains is the noise of the cleanest timestep, a thousandth."""
    consistent = arrived(trajectory, estimate=euler, renoise=fresh)
    for mine, theirs in zip(arrived(tcd, eta=1.0), consistent, strict=True):
        torch.testing.assert_close(mine.x, theirs.x, rtol=0, atol=0.02)


@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
def test_finite_from_pure_noise_to_none(eta):
    frames = arrived(tcd, eta=eta)
    assert all(frame.x.isfinite().all() for frame in frames)
    assert torch.equal(frames[-1].x, frames[-1].x0)


def test_goes_on_from_a_frame():
    noise, whole = Seeded([1, 2, 3]), arrived(tcd)
    half = list(islice(tcd(DENOISE, X, FLOW, LOG_SNRS, noise), 2))
    rest = list(tcd(DENOISE, half[-1], FLOW, LOG_SNRS, noise))
    assert [frame.index for frame in rest] == [2, 3]
    assert torch.equal(rest[-1].x, whole[-1].x)


def test_the_time_jumped_to_is_a_whole_timestep():
    """From 600 by eta 0.5 to 300, not to 299 for a rounding error."""
    schedule = schedules.vp()
    timesteps = torch.tensor([900.0, 600.0, 0.0], dtype=torch.float64)
    log_snrs = schedule.at(timesteps / 999)
    first, _ = tcd(DENOISE, X, schedule, log_snrs, lambda x, here, there: torch.zeros_like(x), eta=0.5)
    here, there = (schedule.path(log_snr) for log_snr in log_snrs[:2].tolist())
    jump = schedule.path(schedule.at(torch.tensor(300 / 999, dtype=torch.float64)).item())
    x0 = DENOISE(X, here)
    noise = (X - here.alpha * x0) / here.sigma
    wanted = there.alpha / jump.alpha * (jump.alpha * x0 + jump.sigma * noise)
    torch.testing.assert_close(first.x, wanted)
