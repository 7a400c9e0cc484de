from itertools import islice

import torch

from diffsmith.diffusion import levels
from diffsmith.diffusion.answers import Answer
from diffsmith.diffusion.estimates.single import euler
from diffsmith.diffusion.loops.diffwave import diffwave
from diffsmith.diffusion.noise import Seeded
from diffsmith.diffusion.renoise import posterior
from diffsmith.diffusion.trajectory import trajectory
from diffsmith.testing import bare, three_blobs

X = torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
LOG_SNRS = torch.tensor([-torch.inf, -2.0, 0.0, 1.5, torch.inf], dtype=torch.float64)
DENOISE = three_blobs().denoise


def frames(loop, x=X, denoise=DENOISE, noise=None, **options):
    return list(loop(denoise, x, bare(levels.vp), LOG_SNRS, noise or Seeded([1, 2, 3]), **options))


def test_without_a_limit_in_reach_it_is_ddpm():
    mine, theirs = frames(diffwave, limit=1e9), frames(trajectory, estimate=euler, renoise=posterior)
    torch.testing.assert_close(mine[-1].x, theirs[-1].x)


def test_every_state_stays_within_the_limit():
    assert all(frame.x.abs().max() <= 0.7 for frame in frames(diffwave, limit=0.7))


def test_goes_on_from_a_frame():
    noise, whole = Seeded([1, 2, 3]), frames(diffwave)
    half = list(islice(diffwave(DENOISE, X, bare(levels.vp), LOG_SNRS, noise), 2))
    rest = frames(diffwave, half[-1], noise=noise)
    assert [frame.index for frame in rest] == [2, 3]
    assert torch.equal(rest[-1].x, whole[-1].x)


class Pushing:
    def answer(self, x, level):
        return Answer(DENOISE(x, level), 0.1 * torch.ones_like(x))


def test_what_is_pushed_reaches_the_sample():
    pushed = frames(diffwave, denoise=Pushing(), limit=1e9)[-1]
    assert torch.equal(pushed.x, pushed.x0)
    unpushed = DENOISE(frames(diffwave, denoise=Pushing(), limit=1e9)[-2].x, levels.vp(1.5))
    torch.testing.assert_close(pushed.x, unpushed + 0.1)
