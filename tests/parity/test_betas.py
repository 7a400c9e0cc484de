"""Beta tables against diffusers', which are float32."""

import diffusers
import pytest
import torch

from diffsmith.diffusion import betas, schedules

from .references import difference

THEIR_NAME = {
    "linear": "linear",
    "scaled_linear": "scaled_linear",
    "cosine": "squaredcos_cap_v2",
    "sigmoid": "sigmoid",
    "exp": "exp",
    "laplace": "laplace",
}


@pytest.mark.parametrize("steps", [100, 1000])
@pytest.mark.parametrize("name", betas.BETAS)
def test_betas(name, steps):
    bounds = {} if name in ("cosine", "exp", "laplace") else {"start": 0.00085, "end": 0.012}
    table = betas.BETAS[name](steps, **bounds)
    kind = diffusers.HeunDiscreteScheduler if name == "exp" else diffusers.DDPMScheduler
    scheduler = kind(steps, beta_schedule=THEIR_NAME[name], beta_start=0.00085, beta_end=0.012)
    assert difference(table, scheduler.betas) <= 1e-6
    alpha_bar = betas.alpha_bars(table)
    torch.testing.assert_close(alpha_bar, scheduler.alphas_cumprod.double(), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("name", "bounds"), [("linear", (1e-4, 0.02)), ("scaled_linear", (0.00085, 0.012))])
def test_published_defaults(name, bounds):
    table = betas.BETAS[name](1000)
    assert difference(table[[0, -1]], torch.tensor(bounds, dtype=torch.float64)) <= 1e-12


@pytest.mark.parametrize("name", ["scaled_linear", "cosine"])
def test_zero_terminal(name):
    """Lin et al. 2024, Algorithm 1, and the stand-in of the classes in sigma."""
    bounds = {} if name == "cosine" else {"start": 0.00085, "end": 0.012}
    alpha_bar = betas.zero_terminal(betas.alpha_bars(betas.BETAS[name](1000, **bounds)))
    told = {"beta_schedule": THEIR_NAME[name], "beta_start": 0.00085, "beta_end": 0.012}
    exact = diffusers.DDIMScheduler(rescale_betas_zero_snr=True, **told)
    # Theirs goes back and forth between the betas and their product in float32.
    torch.testing.assert_close(alpha_bar, exact.alphas_cumprod.double(), rtol=0, atol=1e-5)
    assert exact.alphas_cumprod[-1] == alpha_bar[-1] == 0
    tiny = diffusers.EulerDiscreteScheduler(rescale_betas_zero_snr=True, **told)
    schedule = schedules.vp(betas=name, terminal="tiny", **bounds)
    last = (2 * schedule.ends()[1]).sigmoid()
    assert tiny.alphas_cumprod[-1] == 2**-24
    torch.testing.assert_close(last, torch.tensor(2**-24, dtype=torch.float64))
