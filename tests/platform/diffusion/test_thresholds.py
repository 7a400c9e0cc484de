import pytest
import torch

from diffsmith.diffusion import levels, thresholds
from diffsmith.diffusion.answers import Answer, answer

LEVEL = levels.vp(-0.7)
LIMITS = [thresholds.clip, thresholds.dynamic]


def estimate(x, level):
    return 3 * x


class Pushing:
    """A denoiser that says everything there is to say."""

    def __call__(self, x, level):
        return 3 * x

    def answer(self, x, level):
        return Answer(3 * x, 0.5 * x, x.exp())


@pytest.fixture
def x():
    return torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_clip_is_torch_s(x):
    assert torch.equal(thresholds.clip(estimate, limit=0.8)(x, LEVEL), (3 * x).clamp(-0.8, 0.8))


@pytest.mark.parametrize("ratio", [0.001, 0.5, 0.9, 0.995, 1.0])
def test_dynamic_is_the_paper_s_formula(x, ratio):
    wanted = []
    for each in 3 * x:
        size = torch.quantile(each.abs().flatten(), ratio).clamp(min=1)
        wanted.append(each.clamp(-size, size) / size)
    torch.testing.assert_close(thresholds.dynamic(estimate, ratio=ratio)(x, LEVEL), torch.stack(wanted))


def test_dynamic_up_to_one_is_a_clip(x):
    assert torch.equal(thresholds.dynamic(estimate, limit=1.0)(x, LEVEL), thresholds.clip(estimate)(x, LEVEL))


def test_each_sample_has_its_own_quantile(x):
    alone = thresholds.dynamic(estimate)(x[2:3], LEVEL)
    assert torch.equal(thresholds.dynamic(estimate)(x, LEVEL)[2:3], alone)


@pytest.mark.parametrize("limit", LIMITS)
def test_what_is_small_enough_stays(x, limit):
    for keep_noise in (False, True):
        held, push, _ = answer(limit(estimate, keep_noise=keep_noise), 0.01 * x, LEVEL)
        assert torch.equal(held, 3 * (0.01 * x))
        assert push is None or not push.any()


@pytest.mark.parametrize("limit", LIMITS)
def test_kept_noise_solves_with_the_estimate_as_it_is(x, limit):
    cut = limit(estimate)(x, LEVEL)
    kept = limit(estimate, keep_noise=True)
    assert torch.equal(kept(x, LEVEL), 3 * x)
    held, push, _ = answer(kept, x, LEVEL)
    assert torch.equal(held, 3 * x)
    torch.testing.assert_close(held + push, cut)


@pytest.mark.parametrize("keep_noise", [False, True])
@pytest.mark.parametrize("limit", LIMITS)
def test_over_guidance_what_is_meant_is_cut(x, limit, keep_noise):
    held, push, variance = answer(limit(Pushing(), keep_noise=keep_noise), x, LEVEL)
    torch.testing.assert_close(held + push, limit(lambda x, level: 3.5 * x)(x, LEVEL))
    assert torch.equal(held, 3 * x) == keep_noise
    assert torch.equal(variance, x.exp())
