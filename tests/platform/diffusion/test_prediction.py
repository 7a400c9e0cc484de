import pytest
import torch

from diffsmith.diffusion import levels, prediction

NAMES = sorted(set(prediction.__all__) - {"Prediction"})
PATHS = [levels.ve, levels.vp, levels.flow]
LOG_SNRS = torch.linspace(-4, 4, 9, dtype=torch.float64)[:, None]


@pytest.fixture
def drawn():
    return torch.randn(2, 9, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", NAMES)
def test_round_trips(name, path, drawn):
    row, level = getattr(prediction, name)(), path(LOG_SNRS)
    x0, noise = drawn
    x = level.alpha * x0 + level.sigma * noise
    out = row.target(x0, noise, level)
    torch.testing.assert_close(row.x0(x, out, level), x0)
    torch.testing.assert_close(row.out(x, x0, level), out)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", NAMES)
def test_slope_is_the_derivative_of_the_answer(name, path, drawn):
    row, level = getattr(prediction, name)(), path(LOG_SNRS)
    x, x0 = drawn
    step = 1e-3
    slope = (row.out(x, x0 + step, level) - row.out(x, x0 - step, level)) / (2 * step)
    torch.testing.assert_close(slope, row.slope(level).expand_as(slope))


@pytest.mark.parametrize("name", ["sample", "v", "flow"])
@pytest.mark.parametrize("path", [levels.vp, levels.flow])
def test_the_estimate_is_finite_in_pure_noise(name, path, drawn):
    level = path(torch.tensor(-torch.inf, dtype=torch.float64))
    x, out = drawn
    assert getattr(prediction, name)().x0(x, out, level).isfinite().all()


def test_what_each_network_answers(drawn):
    x0, noise = drawn
    level = levels.vp(LOG_SNRS)
    alpha, sigma = level
    torch.testing.assert_close(prediction.epsilon().target(x0, noise, level), noise)
    torch.testing.assert_close(prediction.sample().target(x0, noise, level), x0)
    torch.testing.assert_close(prediction.v().target(x0, noise, level), alpha * noise - sigma * x0)
    torch.testing.assert_close(prediction.flow().target(x0, noise, level), noise - x0)


@pytest.mark.parametrize("sigma_data", [0.5, 1.3])
def test_edm_is_the_paper_s_preconditioning(drawn, sigma_data):
    """c_skip and c_out of Karras et al. (2022, Table 1)."""
    x, out = drawn
    level = levels.ve(LOG_SNRS)
    total = level.sigma**2 + sigma_data**2
    wanted = sigma_data**2 / total * x + level.sigma * sigma_data / total.sqrt() * out
    torch.testing.assert_close(prediction.edm(sigma_data=sigma_data).x0(x, out, level), wanted)


def test_edm_target_has_unit_variance_wherever_x_lies():
    generator = torch.Generator().manual_seed(0)
    x0, noise = torch.randn(2, 200_000, generator=generator, dtype=torch.float64)
    for path in PATHS:
        level = path(torch.tensor(0.4, dtype=torch.float64))
        target = prediction.edm().target(0.5 * x0, noise, level)
        assert float(target.std()) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("name", ["epsilon", "flow", "edm"])
def test_a_negated_answer_means_the_same(name, drawn):
    plain, negated = (getattr(prediction, name)(negated=negated) for negated in (False, True))
    x, out = drawn
    level = levels.flow(LOG_SNRS)
    torch.testing.assert_close(plain.x0(x, out, level), negated.x0(x, -out, level))
