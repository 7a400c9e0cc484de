import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffsmith.diffusion import levels
from diffsmith.diffusion.levels import Level, carry

PATHS = [levels.ve, levels.vp, levels.flow]
log_snrs = st.floats(-8, 8)


def at(path, log_snr):
    return path(torch.tensor(log_snr, dtype=torch.float64))


@pytest.mark.parametrize("path", PATHS)
@given(log_snr=log_snrs)
def test_path_inverts_log_snr(path, log_snr):
    assert float(at(path, log_snr).log_snr) == pytest.approx(log_snr, abs=1e-9)


@given(log_snr=log_snrs)
def test_what_each_path_keeps(log_snr):
    assert at(levels.ve, log_snr).alpha == 1
    vp, flow = at(levels.vp, log_snr), at(levels.flow, log_snr)
    assert float(vp.alpha**2 + vp.sigma**2) == pytest.approx(1)
    assert float(flow.alpha + flow.sigma) == pytest.approx(1)


@pytest.mark.parametrize("path", [levels.vp, levels.flow])
def test_pure_noise_and_no_noise(path):
    assert at(path, -torch.inf) == Level(torch.tensor(0.0).double(), torch.tensor(1.0).double())
    assert at(path, torch.inf) == Level(torch.tensor(1.0).double(), torch.tensor(0.0).double())


@pytest.mark.parametrize("path", PATHS)
@given(start=log_snrs, end=log_snrs)
def test_a_constant_estimate_is_carried_exactly(path, start, end):
    x0, noise = torch.randn(2, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    here, there = at(path, start), at(path, end)
    x = here.alpha * x0 + here.sigma * noise
    arrived = carry(x, x0, here, there)
    torch.testing.assert_close(arrived, there.alpha * x0 + there.sigma * noise, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("path", PATHS)
@given(start=log_snrs, middle=log_snrs, end=log_snrs)
def test_two_carries_are_one(path, start, middle, end):
    x, x0 = torch.randn(2, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    here, between, there = (at(path, log_snr) for log_snr in (start, middle, end))
    twice = carry(carry(x, x0, here, between), x0, between, there)
    once = carry(x, x0, here, there)
    scale = 1 + there.sigma / here.sigma
    torch.testing.assert_close(twice / scale, once / scale, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("path", PATHS)
def test_carried_to_no_noise_the_estimate_is_left(path):
    x, x0 = torch.randn(2, 5, dtype=torch.float64)
    torch.testing.assert_close(carry(x, x0, at(path, -1.0), at(path, torch.inf)), x0)
