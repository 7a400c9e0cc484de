"""Beta tables against diffusers', which are float32."""

import diffusers
import pytest
import torch

from diffsmith.diffusion import betas

from .references import difference

THEIR_NAME = {
    "linear": "linear",
    "scaled_linear": "scaled_linear",
    "cosine": "squaredcos_cap_v2",
    "sigmoid": "sigmoid",
}


@pytest.mark.parametrize("steps", [100, 1000])
@pytest.mark.parametrize("name", betas.BETAS)
def test_betas(name, steps):
    bounds = {} if name == "cosine" else {"start": 0.00085, "end": 0.012}
    table = betas.BETAS[name](steps, **bounds)
    scheduler = diffusers.DDPMScheduler(
        steps, beta_schedule=THEIR_NAME[name], beta_start=0.00085, beta_end=0.012
    )
    assert difference(table, scheduler.betas) <= 1e-6
    alpha_bar = (2 * betas.log_snrs(table)).sigmoid()
    torch.testing.assert_close(alpha_bar, scheduler.alphas_cumprod.double(), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("name", "bounds"), [("linear", (1e-4, 0.02)), ("scaled_linear", (0.00085, 0.012))])
def test_published_defaults(name, bounds):
    table = betas.BETAS[name](1000)
    assert difference(table[[0, -1]], torch.tensor(bounds, dtype=torch.float64)) <= 1e-12
