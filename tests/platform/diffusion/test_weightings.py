import pytest
import torch

from diffsmith.diffusion import levels, prediction, weightings

LOG_SNRS = torch.linspace(-4, 4, 17, dtype=torch.float64)
SNRS = (2 * LOG_SNRS).exp()
VP = levels.vp(LOG_SNRS)


def test_uniform_is_one():
    assert torch.equal(weightings.uniform(VP, prediction.v()), torch.ones_like(LOG_SNRS))


@pytest.mark.parametrize("gamma", [1.0, 5.0])
def test_min_snr_is_the_paper_s_formula(gamma):
    """Hang et al. (2023, section 3.4), for networks that answer x0, epsilon and v."""
    clipped = SNRS.clamp(max=gamma)
    for kind, wanted in (("sample", clipped), ("epsilon", clipped / SNRS), ("v", clipped / (SNRS + 1))):
        weight = weightings.min_snr(VP, getattr(prediction, kind)(), gamma=gamma)
        torch.testing.assert_close(weight, wanted)


@pytest.mark.parametrize("data", [0.5, 1.0])
def test_edm_is_the_paper_s_formula(data):
    """Karras et al. (2022, Table 1): lambda on x0, and 1 on the unit-variance target."""
    level = levels.ve(LOG_SNRS)
    in_x0 = (level.sigma**2 + data**2) / (level.sigma * data) ** 2
    weight = weightings.edm(level, prediction.sample(), sigma_data=data)
    torch.testing.assert_close(weight, in_x0)
    target = prediction.edm(sigma_data=data)
    torch.testing.assert_close(weightings.edm(level, target, sigma_data=data), torch.ones_like(weight))


@pytest.mark.parametrize("name", ["min_snr", "edm"])
@pytest.mark.parametrize("path", [levels.ve, levels.vp, levels.flow])
@pytest.mark.parametrize("kind", ["epsilon", "v", "flow", "edm"])
def test_the_weighted_error_is_that_of_x0_in_every_parameterisation(kind, path, name):
    level, row = path(LOG_SNRS), getattr(prediction, kind)()
    weighting = getattr(weightings, name)
    x, x0, error = torch.randn(3, 17, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    in_answer = row.out(x, x0 + error, level) - row.out(x, x0, level)
    torch.testing.assert_close(
        weighting(level, row) * in_answer**2, weighting(level, prediction.sample()) * error**2
    )
