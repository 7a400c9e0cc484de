import pytest
import torch

from diffsmith.diffusion.levels import Level, flow, ve, vp
from diffsmith.diffusion.starting import cut, noised, pure

NOISE = torch.randn(50_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize(
    ("level", "size"), [(vp(-1.0), 1.0), (ve(-2.0), (1 + torch.e**4) ** 0.5), (flow(0.0), 0.5**0.5)]
)
def test_a_pure_start_is_as_large_as_unit_data_with_its_noise(level, size):
    torch.testing.assert_close(pure(NOISE, level), size * NOISE)


def test_a_noised_image_lies_on_the_path():
    image, noise = torch.rand(2, 3), torch.randn(2, 3)
    torch.testing.assert_close(noised(image, noise, Level(0.8, 0.6)), 0.8 * image + 0.6 * noise)
    assert torch.equal(noised(image, noise, Level(1.0, 0.0)), image)
    assert torch.equal(noised(image, noise, Level(0.0, 1.0)), noise)


@pytest.mark.parametrize("steps", [1, 3, 10, 20, 50])
def test_the_cut_counts_as_image_to_image_pipelines_do(steps):
    log_snrs = torch.arange(steps + 1.0)
    for hundredths in range(1, 101):
        left = cut(log_snrs, hundredths / 100)
        assert len(left) - 1 == hundredths * steps // 100
        assert torch.equal(left, log_snrs[len(log_snrs) - len(left) :])
