import torch

from diffsmith.diffusion import levels
from diffsmith.diffusion.answers import Answer, answer
from diffsmith.diffusion.estimates.single import euler
from diffsmith.diffusion.noise import Seeded
from diffsmith.diffusion.trajectory import trajectory
from diffsmith.testing import bare

X = torch.randn(2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
LEVEL = levels.vp(0.3)


class Pushing:
    def __call__(self, x, level):
        return 0.2 * x

    def answer(self, x, level):
        return Answer(0.2 * x, 0.1 * x.sin())


def test_a_plain_denoiser_says_no_more_than_its_estimate():
    x0, push, variance = answer(lambda x, level: 0.5 * x, X, LEVEL)
    assert torch.equal(x0, 0.5 * X)
    assert push is None
    assert variance is None


def test_a_push_comes_after_the_move_and_shrinks_with_the_signal():
    log_snrs = torch.tensor([-1.0, 0.5], dtype=torch.float64)
    here, there = (levels.vp(log_snr) for log_snr in log_snrs.tolist())
    *_, last = trajectory(Pushing(), X, bare(levels.vp), log_snrs, Seeded([]), estimate=euler)
    noise = (X - here.alpha * 0.2 * X) / here.sigma
    meant = 0.2 * X + 0.1 * X.sin()
    torch.testing.assert_close(last.x, there.alpha * meant + there.sigma * noise)
    torch.testing.assert_close(last.x0, meant)


def test_the_last_step_arrives_at_what_is_meant():
    log_snrs = torch.tensor([-1.0, torch.inf], dtype=torch.float64)
    *_, last = trajectory(Pushing(), X, bare(levels.vp), log_snrs, Seeded([]), estimate=euler)
    torch.testing.assert_close(last.x, 0.2 * X + 0.1 * X.sin())
