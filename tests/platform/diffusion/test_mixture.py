import pytest
import torch

from diffsmith.diffusion import levels
from diffsmith.diffusion.levels import Level
from diffsmith.testing import GaussianMixture, three_blobs


def test_denoise_is_the_posterior_mean(subtests):
    """Against the definition: clean samples, weighed by how likely each is to have become x."""
    mixture = three_blobs()
    clean = mixture.sample(50_000, torch.Generator().manual_seed(0))
    x = torch.tensor([[0.3, -0.2], [1.0, 0.8]], dtype=torch.float64)
    for path in (levels.ve, levels.vp, levels.flow):
        with subtests.test(path=path.__name__):
            level = path(torch.tensor(0.2, dtype=torch.float64))
            away = x[:, None] - level.alpha * clean
            shares = (-away.square().sum(-1) / (2 * level.sigma**2)).softmax(-1)
            torch.testing.assert_close(mixture.denoise(x, level), shares @ clean, rtol=0, atol=0.02)


def test_one_component_is_a_linear_filter():
    one = GaussianMixture(torch.zeros(1, 2), torch.ones(1), torch.ones(1))
    x = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(one.denoise(x, levels.ve(torch.tensor(0.0))), x / 2)


def test_pure_noise_says_nothing():
    mixture = three_blobs()
    nowhere = Level(torch.tensor(0.0).double(), torch.tensor(1.0).double())
    answer = mixture.denoise(torch.randn(4, 2).double(), nowhere)
    torch.testing.assert_close(answer, (mixture.weights @ mixture.means).expand(4, 2))


def test_a_level_a_sample():
    mixture, x = three_blobs(), torch.randn(3, 2, dtype=torch.float64)
    log_snrs = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)
    together = mixture.denoise(x, levels.vp(log_snrs[:, None]))
    alone = torch.cat([mixture.denoise(x[i : i + 1], levels.vp(log_snrs[i])) for i in range(3)])
    torch.testing.assert_close(together, alone)


def test_sample_has_the_mixture_s_moments():
    mixture = three_blobs()
    drawn = mixture.sample(100_000, torch.Generator().manual_seed(0))
    mean = mixture.weights @ mixture.means
    torch.testing.assert_close(drawn.mean(0), mean, rtol=0, atol=0.01)
    second = mixture.weights @ (mixture.means.square() + mixture.stds[:, None] ** 2)
    torch.testing.assert_close(drawn.square().mean(0), second, rtol=0, atol=0.01)
    assert drawn.var(0) == pytest.approx(second - mean**2, abs=0.01)
