import pytest
import torch

from diffsmith import default_registry
from diffsmith.diffusion import levels, renoise
from diffsmith.diffusion.estimates.single import euler, heun
from diffsmith.diffusion.noise import Seeded
from diffsmith.diffusion.trajectory import trajectory
from diffsmith.testing import three_blobs
from diffsmith.testing.paths import bare

ESTIMATES = [card.function for card in default_registry().entries("estimates")]
RULES = [card.function for card in default_registry().entries("renoise")]
FROM_PURE_NOISE = torch.tensor([-torch.inf, -2, -1, 0, 1, 2.5, torch.inf], dtype=torch.float64)
FROM_SIGMA_80 = FROM_PURE_NOISE.clamp(min=-4.4)
PATHS = {"ve": FROM_SIGMA_80, "vp": FROM_PURE_NOISE, "flow": FROM_PURE_NOISE}


def walk(path, seeds, estimate=euler, rule=renoise.ode):
    path_of, log_snrs = getattr(levels, path), PATHS[path]
    noise = Seeded(seeds)
    start = path_of(log_snrs[0].item())
    x = start.sigma * noise(torch.zeros(len(seeds), 2, dtype=torch.float64), start, start)
    frames = trajectory(
        three_blobs().denoise, x, bare(path_of), log_snrs, noise, estimate=estimate, renoise=rule
    )
    return list(frames)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("estimate", ESTIMATES)
def test_every_pair_is_finite_from_pure_noise_to_none(estimate, rule, path):
    frames = walk(path, range(3), estimate, rule)
    assert all(frame.x.isfinite().all() and frame.x0.isfinite().all() for frame in frames)
    assert torch.equal(frames[-1].x, frames[-1].x0)
    assert frames[-1].x.abs().max() < 3


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("estimate", ESTIMATES)
def test_same_seed_same_sample_in_any_batch(estimate, rule):
    together = walk("flow", [5, 6, 7], estimate, rule)[-1].x
    alone = walk("flow", [7], estimate, rule)[-1].x
    torch.testing.assert_close(together[2:], alone, rtol=1e-12, atol=1e-12)
    assert not torch.allclose(together[0], together[1])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in (renoise.fresh, renoise.consistency)])
def test_samples_have_the_data_s_moments(rule, path):
    """Two are left out: they ask for a network that answers with a sample, not with the mean of many."""
    generator, path_of = torch.Generator().manual_seed(0), getattr(levels, path)
    log_snrs = torch.cat([torch.linspace(-4.4, 3.5, 40, dtype=torch.float64), torch.tensor([torch.inf])])

    def noise(x, here, there):
        return torch.randn(x.shape, generator=generator, dtype=x.dtype)

    x = path_of(log_snrs[0].item()).sigma * noise(torch.zeros(3000, 2, dtype=torch.float64), None, None)
    mixture = three_blobs()
    frames = trajectory(mixture.denoise, x, bare(path_of), log_snrs, noise, estimate=heun, renoise=rule)
    *_, last = frames
    true = mixture.sample(50_000, generator)
    torch.testing.assert_close(last.x.mean(0), true.mean(0), rtol=0, atol=0.05)
    torch.testing.assert_close(last.x.T.cov(), true.T.cov(), rtol=0, atol=0.04)


def test_frames_say_where_they_are():
    frames = walk("vp", [0])
    assert [frame.index for frame in frames] == list(range(6))
    reached = torch.tensor([frame.level.log_snr for frame in frames], dtype=torch.float64)
    torch.testing.assert_close(reached, FROM_PURE_NOISE[1:])


def test_the_loop_waits_for_its_consumer():
    asked = []
    mixture = three_blobs()

    def denoise(x, level):
        asked.append(level)
        return mixture.denoise(x, level)

    x = torch.ones(1, 2, dtype=torch.float64)
    frames = trajectory(denoise, x, bare(levels.vp), FROM_PURE_NOISE, Seeded([0]), estimate=euler)
    next(frames)
    assert len(asked) == 1


@pytest.mark.parametrize("name", ["lms", "ipndm_v", "deis_tab"])
def test_slopes_do_not_reach_across_lifted_noise(name):
    """A lifted step is much longer than the way between earlier places, which would blow weights up."""
    estimate = {card.name: card.function for card in default_registry().entries("estimates")}[name]
    log_snrs = torch.linspace(-4, 4, 120, dtype=torch.float64)
    start = Seeded([0])(torch.zeros(1, 2, dtype=torch.float64), None, None) * levels.ve(-4.0).sigma
    walked = trajectory(
        three_blobs().denoise,
        start,
        bare(levels.ve),
        log_snrs,
        Seeded([1]),
        estimate=estimate,
        renoise=renoise.churn,
    )
    *_, last = walked
    assert last.x.abs().max() < 3
