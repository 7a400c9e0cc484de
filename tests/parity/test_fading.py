"""A signal that fades, walked as VideoCrafter's own program does: its step, term by term."""

import numpy as np
import pytest
import torch

from diffsmith.diffusion import schedules
from diffsmith.diffusion.denoiser import Denoiser
from diffsmith.diffusion.estimates.single import euler
from diffsmith.diffusion.prediction import epsilon
from diffsmith.diffusion.trajectory import trajectory

from .references import difference, normal

TIMESTEPS = np.arange(0, 1000, 50)[::-1] + 1


def network(x, t):
    """Some answer that depends on all it is told."""
    return torch.sin(x) + 0.1 * torch.cos(torch.as_tensor(t / 100.0))


def walked(x, least):
    """DDIM without noise, whose clean estimate is divided by a step's share and times the next one's."""
    alpha_bars = np.cumprod(1 - np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2)
    shares = np.concatenate([np.linspace(1, least, 400), np.full(600, least)])
    for t, after in zip(TIMESTEPS, [*TIMESTEPS[1:], 0], strict=True):
        noise = network(x, float(t))
        clean = (x - (1 - alpha_bars[t]) ** 0.5 * noise) / alpha_bars[t] ** 0.5 / shares[t]
        x = alpha_bars[after] ** 0.5 * shares[after] * clean + (1 - alpha_bars[after]) ** 0.5 * noise
    return x


@pytest.mark.parametrize("least", [0.3, 0.7])
def test_a_walk_is_the_authors(least):
    schedule, x = schedules.vp_fading(least=least), normal(0)
    times = torch.tensor([*TIMESTEPS, 0], dtype=torch.float64) / 999
    denoise = Denoiser(network, schedule, epsilon())
    frames = trajectory(denoise, x, schedule, schedule.at(times), lambda *told: x, estimate=euler)
    assert difference([*frames][-1].x, walked(x, least)) < 1e-9
