from functools import partial

import pytest
import torch

from diffsmith import SpecError
from diffsmith.diffusion import levels, renoise
from diffsmith.diffusion.estimates.single import euler
from diffsmith.diffusion.loops.score_sde import annealed_langevin, euler_maruyama, score_sde
from diffsmith.diffusion.noise import Seeded
from diffsmith.diffusion.trajectory import trajectory
from diffsmith.testing import bare, three_blobs

PATHS = [levels.ve, levels.vp, levels.flow]
COARSE = torch.tensor([-2.0, -1, 0, 1, 2.5, torch.inf], dtype=torch.float64)
PURE = torch.cat([torch.tensor([-torch.inf], dtype=torch.float64), COARSE])
predictor_only = partial(score_sde, corrector="none")


def grid(steps, least=-4.4):
    even = torch.linspace(least, 3.5, steps, dtype=torch.float64)
    return torch.cat([even, torch.tensor([torch.inf])])


def walk(loop, path, log_snrs=COARSE, seeds=(0, 1), denoise=None):
    noise, start = Seeded(seeds), path(log_snrs[0].item())
    x = start.sigma * noise(torch.zeros(len(seeds), 2, dtype=torch.float64), start, start)
    return list(loop(denoise or three_blobs().denoise, x, bare(path), log_snrs, noise))


def moments(loop, path, log_snrs):
    """How far the mean and the covariance of many samples are from the data's."""
    generator = torch.Generator().manual_seed(0)

    def noise(x, here, there):
        return torch.randn(x.shape, generator=generator, dtype=x.dtype)

    mixture, start = three_blobs(), path(log_snrs[0].item())
    x = start.sigma * noise(torch.zeros(3000, 2, dtype=torch.float64), start, start)
    *_, last = loop(mixture.denoise, x, bare(path), log_snrs, noise)
    true = mixture.sample(50_000, generator)
    return (last.x.mean(0) - true.mean(0)).abs().max(), (last.x.T.cov() - true.T.cov()).abs().max()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "loop",
    [
        partial(predictor_only, predictor="reverse_diffusion"),
        partial(predictor_only, predictor="ancestral_sampling"),
        partial(predictor_only, predictor="probability_flow"),
        euler_maruyama,
        partial(score_sde, snr=0.1, norms="batch"),
        partial(score_sde, predictor="ancestral_sampling", corrector="ald", snr=0.1, corrector_steps=2),
    ],
)
def test_samples_have_the_data_s_moments(loop, path):
    mean, cov = moments(loop, path, grid(300))
    assert mean < 0.05
    assert cov < 0.04


@pytest.mark.parametrize("path", PATHS)
def test_langevin_steps_alone_come_near_the_data_s_moments(path):
    """Near only: with little noise they no longer carry samples from blob to blob."""
    options = {"step_lr": 0.18 * path(3.5).sigma ** 2, "n_steps_each": 2}
    assert max(moments(partial(annealed_langevin, **options), path, grid(150, -2.0))) < 0.1


@pytest.mark.parametrize("path", PATHS)
def test_ancestral_sampling_is_the_noise_rule_of_that_name(path):
    mine = walk(partial(predictor_only, predictor="ancestral_sampling"), path)
    other = walk(partial(trajectory, estimate=euler, renoise=renoise.ancestral), path)
    torch.testing.assert_close(mine[-1].x, other[-1].x, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("path", PATHS)
def test_the_probability_flow_predictor_is_of_first_order(path):
    flow = partial(predictor_only, predictor="probability_flow")
    exact = walk(partial(trajectory, estimate=euler), path, grid(20_000, -2.0), seeds=[0])[-2].x
    coarse, fine = (
        float((walk(flow, path, grid(n, -2.0), seeds=[0])[-2].x - exact).norm()) for n in (50, 200)
    )
    assert fine < coarse / 3


@pytest.mark.parametrize("path", [levels.vp, levels.flow])
@pytest.mark.parametrize(
    "loop",
    [
        partial(score_sde, predictor="ancestral_sampling"),
        partial(score_sde, predictor="none", corrector="ald"),
        annealed_langevin,
    ],
)
def test_finite_from_pure_noise_to_none(loop, path):
    frames = walk(loop, path, PURE)
    assert all(frame.x.isfinite().all() and frame.x0.isfinite().all() for frame in frames)
    assert torch.equal(frames[-1].x, frames[-1].x0)


@pytest.mark.parametrize(
    "loop",
    [score_sde, partial(score_sde, predictor="probability_flow"), euler_maruyama],
)
def test_what_has_no_step_out_of_pure_noise_says_so(loop):
    with pytest.raises(SpecError, match="ancestral_sampling, or begin lower"):
        walk(loop, levels.flow, PURE)


def test_nothing_that_moves_is_refused():
    with pytest.raises(SpecError, match="neither a predictor nor a corrector"):
        walk(partial(score_sde, predictor="none", corrector="none"), levels.vp)


@pytest.mark.parametrize("loop", [score_sde, euler_maruyama, annealed_langevin])
def test_same_seed_same_sample_in_any_batch(loop):
    together, alone = walk(loop, levels.vp, seeds=[5, 6])[-1].x, walk(loop, levels.vp, seeds=[6])[-1].x
    torch.testing.assert_close(together[1:], alone, rtol=1e-12, atol=1e-12)


def test_norms_over_the_batch_tie_samples_together():
    loop = partial(score_sde, norms="batch")
    assert not torch.allclose(
        walk(loop, levels.vp, seeds=[5, 6])[-1].x[1:], walk(loop, levels.vp, seeds=[6])[-1].x
    )


@pytest.mark.parametrize("loop", [score_sde, partial(score_sde, predictor="none"), euler_maruyama])
def test_goes_on_from_a_frame(loop):
    noise = Seeded([0, 1], drawn=0)
    x = noise(torch.zeros(2, 2, dtype=torch.float64), None, None)
    frames = loop(three_blobs().denoise, x, bare(levels.vp), COARSE, noise)
    whole = [(frame, noise.drawn) for frame in frames]
    frame, drawn = whole[2]
    *_, last = loop(three_blobs().denoise, frame, bare(levels.vp), COARSE, Seeded([0, 1], drawn=drawn))
    assert torch.equal(last.x, whole[-1][0].x)


def test_no_score_no_correction():
    """Where the clean estimate leaves no noise in x, as a network of zeros does."""
    frames = walk(score_sde, levels.vp, denoise=lambda x, level: x / level.alpha)
    assert all(frame.x.isfinite().all() for frame in frames)


@pytest.mark.parametrize("predictor", ["reverse_diffusion", "ancestral_sampling", "euler_maruyama"])
def test_the_three_endings(predictor):
    clean, mean, noisy = (
        walk(partial(predictor_only, predictor=predictor, ending=ending), levels.vp)[-1]
        for ending in ("clean", "mean", "noisy")
    )
    assert torch.equal(clean.x, clean.x0)
    if predictor == "ancestral_sampling":  # its mean is the clean estimate, and the posterior has no noise
        torch.testing.assert_close(mean.x, clean.x)
    else:
        assert not torch.allclose(mean.x, noisy.x)
