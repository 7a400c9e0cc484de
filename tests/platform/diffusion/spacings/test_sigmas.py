import math

import pytest
import torch

from diffsmith.diffusion import schedules, spacings

EDM, VP, FLOW = schedules.edm(), schedules.vp(betas="scaled_linear"), schedules.flow()


def sigmas(log_snrs):
    return (-log_snrs).exp()


@pytest.mark.parametrize("name", ["karras", "exponential", "polyexponential", "beta", "kl_optimal"])
@pytest.mark.parametrize("schedule", [EDM, VP])
def test_other_ends_than_those_of_training(name, schedule):
    visited = sigmas(getattr(spacings, name)(schedule, 5, sigma_min=0.1, sigma_max=700.0))
    assert visited[0].item() == pytest.approx(700)
    assert visited[-2].item() == pytest.approx(0.1)


@pytest.mark.parametrize("name", ["karras", "exponential", "beta"])
@pytest.mark.parametrize("within", ["leading", "trailing"])
def test_within_a_spacing_by_timesteps(name, within):
    offset = {"offset": 1} if within == "leading" else {}
    outer = getattr(spacings, within)(VP, 7, **offset)
    inner = getattr(spacings, name)(VP, 7, within=within, **offset)
    torch.testing.assert_close(inner[[0, -2]], outer[[0, -2]])
    assert not torch.allclose(inner[1:-2], outer[1:-2])


def test_polyexponential_by_hand():
    """k-diffusion: log sigma = ramp^rho * (log max - log min) + log min."""
    torch.testing.assert_close(spacings.polyexponential(EDM, 6), spacings.exponential(EDM, 6))
    wanted = [math.exp(ramp**3 * math.log(80 / 0.002) + math.log(0.002)) for ramp in (1, 0.5, 0)]
    assert sigmas(spacings.polyexponential(EDM, 3, rho=3.0))[:-1].tolist() == pytest.approx(wanted)


def test_laplace_by_hand():
    """ComfyUI, get_sigmas_laplace: log sigma = mu - beta * sign(0.5 - x) * log(1 - 2 |0.5 - x| + 1e-5)."""
    visited = sigmas(spacings.laplace(EDM, 5, mu=0.3, beta=0.4))
    quarter = math.log(0.5 + 1e-5)
    wanted = [math.exp(0.3 - 0.4 * side * quarter) for side in (1, 0, -1)]
    assert visited[1:4].tolist() == pytest.approx(wanted)
    assert visited[0].item() == pytest.approx(80)  # the quantile itself is above
    assert spacings.laplace(FLOW, 5)[0] == -torch.inf


def test_kl_optimal_by_hand():
    """ComfyUI, kl_optimal_scheduler: equal strides between the arc tangents."""
    low, high = math.atan(0.002), math.atan(80)
    wanted = [math.tan(share * low + (1 - share) * high) for share in (0, 1 / 3, 2 / 3, 1)]
    assert sigmas(spacings.kl_optimal(EDM, 4))[:-1].tolist() == pytest.approx(wanted)


def test_on_a_flow_sigma_is_the_flow_time():
    times = (-spacings.karras(FLOW, 3)).sigmoid()
    roots = [1, (1 + 0.001 ** (1 / 7)) / 2, 0.001 ** (1 / 7)]
    assert times[:-1].tolist() == pytest.approx([root**7 for root in roots])
