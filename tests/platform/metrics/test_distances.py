import math

import pytest
import torch

from diffsmith.metrics.distances import frechet, kid, sliced_wasserstein

from .rows import against, normal


def whitened(rows):
    """The rows, moved and turned to mean 0 and covariance 1 exactly."""
    rows = rows - rows.mean(0)
    return rows @ torch.linalg.inv(torch.linalg.cholesky(torch.cov(rows.T))).T


def test_frechet_of_two_gaussians_is_the_closed_form():
    a, b = whitened(normal(500, 3)), whitened(normal(400, 3, seed=1))
    turn = torch.linalg.qr(normal(3, 3, seed=2)).Q
    spread = torch.tensor([0.5, 2.0, 3.0], dtype=torch.float64)
    # Covariances 1 and Q diag(s^2) Q^T commute, so the distance is |m|^2 + sum (1 - s)^2.
    moved = b * spread @ turn.T + torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    assert frechet(a, against(moved)) == pytest.approx(5.25 + 0.25 + 1 + 4, abs=1e-9)


def test_frechet_of_covariances_that_do_not_commute():
    a = whitened(normal(500, 2)) @ torch.linalg.cholesky(torch.tensor([[2.0, 1.0], [1.0, 2.0]]).double()).T
    b = whitened(normal(500, 2, seed=1)) * torch.tensor([1.0, 2.0], dtype=torch.float64)
    # tr (AB)^(1/2) = sqrt(tr AB + 2 sqrt(det AB)) in two dimensions: tr AB = 10, det AB = 12.
    assert frechet(a, against(b)) == pytest.approx(4 + 5 - 2 * math.sqrt(10 + 2 * math.sqrt(12)), abs=1e-9)


def test_frechet_is_symmetric_zero_for_equals_and_finite_for_fewer_rows_than_features():
    a, b = normal(10, 32), normal(20, 32, seed=1)
    assert frechet(a, against(a)) == pytest.approx(0, abs=1e-6)
    assert frechet(a, against(b)) == pytest.approx(frechet(b, against(a)), rel=1e-6)
    assert frechet(a[:1].expand(9, -1), against(b)) > 1


def test_kid_is_its_definition():
    a, b = normal(5, 3), normal(4, 3, seed=1)

    def kernel(x, y):
        return float((x @ y / 3 + 1) ** 3)

    within = [
        sum(kernel(x, y) for i, x in enumerate(rows) for j, y in enumerate(rows) if i != j)
        / (len(rows) * (len(rows) - 1))
        for rows in (a, b)
    ]
    across = sum(kernel(x, y) for x in a for y in b) / 20
    assert kid(a, against(b)) == pytest.approx(sum(within) - 2 * across, rel=1e-12)


def test_kid_of_one_distribution_is_zero_on_average():
    scores = torch.tensor(
        [kid(normal(60, 4, seed=s), against(normal(50, 4, seed=s + 999))) for s in range(200)]
    )
    error = float(scores.std()) / math.sqrt(200)
    assert abs(float(scores.mean())) < 3 * error
    assert kid(normal(60, 4) + 1, against(normal(50, 4, seed=1))) > 20 * error


def test_kid_does_not_depend_on_how_rows_are_cut_into_parts():
    a, b = normal(2100, 2), normal(1030, 2, seed=1)
    products = [(x @ y.T / 2 + 1) ** 3 for x, y in ((a, a), (b, b), (a, b))]
    within = [(each.sum() - each.trace()) / (len(each) * (len(each) - 1)) for each in products[:2]]
    assert kid(a, against(b)) == pytest.approx(float(sum(within) - 2 * products[2].mean()), rel=1e-9)


def test_sliced_wasserstein_of_a_shift_is_its_root_mean_square():
    rows, shift = normal(300, 1, 4, 4), normal(1, 1, 4, 4, seed=1)
    score = sliced_wasserstein(rows + shift, against(rows), projections=20_000)
    assert score == pytest.approx(float(shift.square().mean().sqrt()), rel=0.02)


def test_sliced_wasserstein_of_a_stretch_in_one_dimension_is_exact():
    rows = normal(100, 1)
    assert sliced_wasserstein(3 * rows, against(rows)) == pytest.approx(
        2 * float(rows.square().mean().sqrt())
    )


def test_sliced_wasserstein_takes_as_many_of_each_and_always_the_same():
    rows = normal(500, 2)
    assert sliced_wasserstein(rows, against(rows)) == 0
    first = sliced_wasserstein(rows, against(normal(80, 2, seed=1)))
    torch.randn(5)
    assert sliced_wasserstein(rows, against(normal(80, 2, seed=1))) == first
    assert 0 < first < 0.5
