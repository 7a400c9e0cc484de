import pytest
import torch
from scipy import stats

from diffsmith.diffusion import schedules, times

WIDE_VE = schedules.edm(sigma_min=1e-6, sigma_max=1e6)
WIDE_FLOW = schedules.flow(timesteps=10**6)


@pytest.fixture(params=["uniform", "stratified"])
def draws(request):
    torch.manual_seed(0)
    if request.param == "uniform":
        return torch.rand(5000)
    return (torch.arange(5000) + torch.rand(5000)) / 5000


def assert_distributed(values, distribution):
    assert stats.kstest(values.numpy(), distribution.cdf).pvalue > 0.01


def test_uniform_times(draws):
    schedule = schedules.vp()
    log_snrs = times.uniform(draws, schedule)
    timesteps = schedule.label(schedule.path(log_snrs))
    assert_distributed(timesteps, stats.uniform(0, 999))


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (0.5, 0.6)])
def test_logit_normal_flow_times(draws, mean, std):
    sigma = WIDE_FLOW.path(times.logit_normal(draws, WIDE_FLOW, mean=mean, std=std)).sigma
    assert_distributed(torch.logit(sigma), stats.norm(mean, std))


@pytest.mark.parametrize(("mean", "std"), [(-1.2, 1.2), (0.4, 0.8)])
def test_log_normal_sigmas(draws, mean, std):
    sigma = WIDE_VE.path(times.log_normal(draws, WIDE_VE, mean=mean, std=std)).sigma
    assert_distributed(sigma, stats.lognorm(std, scale=torch.tensor(mean).exp().item()))


@pytest.mark.parametrize("name", times.__all__)
def test_every_time_lies_inside_the_schedule(name):
    draws = torch.tensor([0.0, 1e-9, 0.5, 1 - 1e-7, 1.0])
    for schedule in (schedules.vp(), schedules.flow(), schedules.edm(sigma_min=0.1, sigma_max=1.0)):
        clean, noisy = schedule.ends()
        log_snrs = getattr(times, name)(draws, schedule)
        assert log_snrs.dtype == torch.float64
        assert ((log_snrs >= noisy) & (log_snrs <= clean)).all()
