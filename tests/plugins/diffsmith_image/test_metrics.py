import math
from functools import partial

import pytest
import torch

from diffsmith.data import Split
from diffsmith.errors import DiffsmithError
from diffsmith.metrics import Reference, noise_floor
from diffsmith_image.metrics.distances import frechet, kid, sliced_wasserstein
from diffsmith_image.metrics.neighbours import coverage, density

METRICS = {"frechet": frechet, "kid": kid, "sliced_wasserstein": sliced_wasserstein}
ALL = {**METRICS, "density": density, "coverage": coverage}


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def against(real, embed=lambda x: x.flatten(1)):
    return Reference(Split(real, None), embed)


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


@pytest.mark.parametrize("name", ALL)
def test_held_out_digits_score_far_better_than_noise_and_one_class_missing(name, digits, embed):
    metric, real = ALL[name], Reference(digits.test, embed)
    sign = 1 if name in METRICS else -1
    good = sign * metric(digits.validation.x, real)
    noise = sign * metric(normal(395, 1, 8, 8).float(), real)
    single = sign * metric(digits.validation.x[digits.validation.label == 3], real)
    assert noise - good > 0.5
    if name != "density":  # which does not ask for diversity
        assert good < single


@pytest.mark.parametrize("name", ALL)
def test_scores_are_repeatable_and_leave_inputs_and_random_state_alone(name, digits, embed):
    x = digits.train.x[:60].clone()
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = ALL[name](x, Reference(digits.test, embed))
    assert ALL[name](x, Reference(digits.test, embed)) == first
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(x, digits.train.x[:60])
    assert isinstance(first, float)


@pytest.mark.parametrize("name", ALL)
def test_samples_that_cannot_be_scored_are_told(name):
    rows = normal(20, 1, 2, 2)
    broken = rows.clone()
    broken[3, 0, 0, 0], broken[7, 0, 1, 1] = math.nan, math.inf
    with pytest.raises(DiffsmithError, match="2 of 20 samples hold NaN"):
        ALL[name](broken, against(rows))
    with pytest.raises(DiffsmithError, match=r"needs at least \d samples, got 0"):
        ALL[name](rows[:0], against(rows))
    if name != "sliced_wasserstein":
        with pytest.raises(DiffsmithError, match=r"needs at least \d real rows, got 1"):
            ALL[name](rows, against(rows[:1]))


def test_the_reference_is_embedded_once():
    calls = []
    real = against(normal(9, 2), lambda x: calls.append(len(x)) or x)
    for _ in range(3):
        frechet(normal(8, 2), real)
    assert calls.count(9) == 1


def test_the_noise_floor_is_the_score_of_as_many_training_rows():
    train, seen = Split(normal(50, 2), None), []
    metric = lambda samples, reference: seen.append(samples) or 4.5  # noqa: E731
    floors = partial(noise_floor, metric, train, against(normal(9, 2, seed=1)))
    assert floors(20) == 4.5
    floors(20)
    floors(20, seed=1)
    floors(999)
    assert [len(samples) for samples in seen] == [20, 20, 20, 50]
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[0], seen[2])
    assert all((train.x == row).all(1).any() for row in seen[0])


def test_the_floor_on_digits_lies_between_nothing_and_noise(digits, embed):
    real = Reference(digits.validation, embed)
    assert 0.1 < noise_floor(frechet, digits.train, real, 256) < 1
    assert 0.03 < noise_floor(sliced_wasserstein, digits.train, real, 256) < 0.12
