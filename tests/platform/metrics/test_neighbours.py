import pytest
import torch

from diffsmith.metrics.neighbours import coverage, density

from .rows import against, normal


def test_density_and_coverage_of_points_on_a_line():
    # With k = 1 the balls of 0, 1 and 10 reach 1, 1 and 9 far.
    real = against(torch.tensor([[0.0], [1.0], [10.0]]))
    samples = torch.tensor([[0.5], [0.6], [50.0]])
    assert coverage(samples, real, k=1) == pytest.approx(2 / 3)
    assert density(samples, real, k=1) == pytest.approx(4 / 3)
    # 1.5 lies in the balls of 1 and of 10; with k = 2 those of all three reach 10, 9 and 10.
    assert density(torch.full((2, 1), 1.5), real, k=1) == pytest.approx(2)
    assert density(torch.full((4, 1), 1.5), real, k=2) == pytest.approx(3 / 2)
    assert coverage(torch.full((4, 1), 99.0), real, k=2) == 0


def test_a_point_on_the_rim_of_a_ball_is_outside():
    real = against(torch.tensor([[0.0], [1.0]]))
    assert coverage(torch.tensor([[-1.0], [2.0]]), real, k=1) == 0


def test_density_of_the_real_distribution_is_about_one_and_coverage_is_its_expectation():
    a, b = normal(2000, 3), normal(2000, 3, seed=1)
    assert density(a, against(b)) == pytest.approx(1, abs=0.03)
    # Naeem et al. 2020, equation 9, for equal numbers: 1 - 2^-k.
    assert coverage(a, against(b)) == pytest.approx(1 - 0.5**5, abs=0.01)
