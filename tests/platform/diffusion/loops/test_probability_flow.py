import pytest
import torch

from diffsmith.diffusion import levels
from diffsmith.diffusion.loops.probability_flow import probability_flow
from diffsmith.testing import GaussianMixture, bare, three_blobs

PATHS = [levels.ve, levels.vp, levels.flow]
FROM_PURE_NOISE = torch.tensor([-torch.inf, -1, 0.5, 2, torch.inf], dtype=torch.float64)
FROM_SIGMA_20 = FROM_PURE_NOISE.clamp(min=-3.0)
TIGHT = {"rtol": 1e-11, "atol": 1e-11}
DENOISE = three_blobs().denoise


def walk(path, log_snrs=FROM_SIGMA_20, x=None, denoise=DENOISE, **options):
    if x is None:
        generator = torch.Generator().manual_seed(0)
        x = path(log_snrs[0].item()).sigma * torch.randn(3, 2, generator=generator, dtype=torch.float64)
    return list(probability_flow(denoise, x, bare(path), log_snrs, None, **options))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["RK45", "DOP853"])
def test_the_flow_of_one_gaussian_is_exact(method, path):
    mean, std = torch.tensor([[1.0, -2.0]], dtype=torch.float64), 0.5
    one = GaussianMixture(mean, mean.new_tensor([std]), mean.new_ones(1))
    frames = walk(path, FROM_SIGMA_20[:-1], denoise=one.denoise, method=method, **TIGHT)
    here = path(-3.0)
    x = here.sigma * torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for frame in frames:
        spread = ((frame.level.alpha * std) ** 2 + frame.level.sigma**2) ** 0.5
        shrunk = spread / ((here.alpha * std) ** 2 + here.sigma**2) ** 0.5
        exact = frame.level.alpha * mean + (x - here.alpha * mean) * shrunk
        torch.testing.assert_close(frame.x, exact, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("path", PATHS)
def test_in_one_dimension_the_flow_keeps_quantiles(path):
    """It cannot cross itself, so it maps each quantile of the mixture to the same one."""
    means, stds = torch.tensor([[-1.0], [0.4], [1.5]]).double(), torch.tensor([0.2, 0.3, 0.4]).double()
    weights = torch.tensor([0.5, 0.3, 0.2]).double()
    mixture = GaussianMixture(means, stds, weights)

    def quantile(x, level):
        spread = ((level.alpha * stds) ** 2 + level.sigma**2).sqrt()
        away = (x - level.alpha * means[:, 0]) / spread
        return (weights * torch.special.ndtr(away)).sum(-1, keepdim=True)

    start = path(-3.0)
    x = start.sigma * torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]
    for frame in walk(path, FROM_SIGMA_20[:-1], x=x, denoise=mixture.denoise, **TIGHT):
        torch.testing.assert_close(quantile(frame.x, frame.level), quantile(x, start), rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", ["RK45", "RK23", "DOP853"])
@pytest.mark.parametrize("path", [levels.vp, levels.flow])
def test_finite_from_pure_noise_to_none(path, method):
    frames = walk(path, FROM_PURE_NOISE, method=method)
    assert all(frame.x.isfinite().all() for frame in frames)
    assert torch.equal(frames[-1].x, frames[-1].x0)
    assert [frame.index for frame in frames] == [0, 1, 2, 3]


def test_levels_in_between_change_nothing_beyond_the_tolerance():
    few = FROM_SIGMA_20[[0, -2, -1]]
    torch.testing.assert_close(walk(levels.vp, few)[-1].x, walk(levels.vp)[-1].x, rtol=0, atol=1e-3)
    tight = (walk(levels.vp, grid, **TIGHT)[-1].x for grid in (few, FROM_SIGMA_20))
    torch.testing.assert_close(*tight, rtol=0, atol=1e-8)


def test_goes_on_from_a_frame_bit_for_bit():
    whole = walk(levels.vp)
    for frame in whole[:-1]:
        assert torch.equal(walk(levels.vp, x=frame)[-1].x, whole[-1].x)


def test_keeps_the_sample_s_dtype():
    x = torch.ones(1, 2)
    for frame in walk(levels.ve, x=x, denoise=lambda x, level: x / 2):
        assert frame.x.dtype == torch.float32


@pytest.mark.parametrize("until", [-4.0, 0.0])
def test_answers_that_are_no_numbers_are_told(until):
    with pytest.raises(ArithmeticError, match="finite"):
        walk(levels.vp, denoise=lambda x, level: x * (torch.nan if level.log_snr > until else 0.1))
