from functools import partial

import torch

from diffsmith.diffusion import schedules, spacings
from diffsmith.diffusion.estimates.single import euler
from diffsmith.diffusion.loops.ddpm_wuerstchen import ddpm_wuerstchen
from diffsmith.diffusion.noise import Seeded
from diffsmith.diffusion.renoise import posterior
from diffsmith.diffusion.trajectory import trajectory
from diffsmith.testing import three_blobs

SCHEDULE = schedules.cosine()


def walk(loop, log_snrs):
    x = torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return list(loop(three_blobs().denoise, x, SCHEDULE, log_snrs, Seeded(range(3))))


def test_it_is_ddpm_but_for_the_noise_of_its_last_step():
    log_snrs = spacings.linspace(SCHEDULE, 6, closed=False)
    log_snrs[-1] = SCHEDULE.ends()[0]
    ddpm = partial(trajectory, estimate=euler, renoise=posterior)
    mine, usual = walk(ddpm_wuerstchen, log_snrs), walk(ddpm, log_snrs)
    assert all(torch.equal(a.x, b.x) for a, b in zip(mine[:-1], usual[:-1], strict=True))
    assert not torch.equal(mine[-1].x, usual[-1].x)
    assert mine[-1].past[0].added is None


def test_it_goes_on_from_a_frame():
    log_snrs = spacings.linspace(SCHEDULE, 6, closed=False)
    whole = walk(ddpm_wuerstchen, log_snrs)
    noise = Seeded(range(3), 3)
    rest = list(ddpm_wuerstchen(three_blobs().denoise, whole[2], SCHEDULE, log_snrs, noise))
    assert torch.equal(rest[-1].x, whole[-1].x)
