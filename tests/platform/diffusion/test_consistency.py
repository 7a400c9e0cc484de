import pytest
import torch

from diffsmith.diffusion import levels, prediction, schedules
from diffsmith.diffusion.consistency import cm_boundary, lcm_boundary
from diffsmith.diffusion.denoiser import Denoiser

X = torch.randn(2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_lcm_is_the_paper_s_blend():
    schedule = schedules.vp()
    level = schedule.path(schedule.at(torch.tensor(19 / 999, dtype=torch.float64)).item())
    found = lcm_boundary(lambda x, level: x.sin(), schedule, timestep_scaling=0.1)(X, level)
    skip, out = 0.25 / (1.9**2 + 0.25), 1.9 / (1.9**2 + 0.25) ** 0.5
    torch.testing.assert_close(found, skip * X + out * X.sin())


def test_lcm_answers_with_x_at_the_first_timestep():
    schedule = schedules.vp()
    level = schedule.path(schedule.ends()[0].item())
    torch.testing.assert_close(lcm_boundary(lambda x, level: x.sin(), schedule)(X, level), X)


@pytest.mark.parametrize("path", [levels.ve, levels.flow])
def test_the_answer_is_the_same_on_another_path(path):
    schedule = schedules.vp()
    home, level = levels.vp(2.5), path(2.5)
    denoise = lcm_boundary(lambda x, level: torch.full_like(x, 0.3), schedule, timestep_scaling=0.01)
    torch.testing.assert_close(denoise(X * level.sigma / home.sigma, level), denoise(X, home))


@pytest.mark.parametrize("sigma", [0.002, 0.01, 1.0, 80.0])
def test_cm_reads_the_network_by_its_own_scalings(sigma):
    """Song et al. (2023, appendix C), written out."""
    schedule = schedules.edm()
    denoiser = Denoiser(lambda x, label: x.tanh(), schedule, prediction.edm())
    level = levels.ve(-torch.tensor(sigma, dtype=torch.float64).log().item())
    network = (X / (sigma**2 + 0.25) ** 0.5).tanh()
    skip = 0.25 / ((sigma - 0.002) ** 2 + 0.25)
    out = (sigma - 0.002) * 0.5 / (sigma**2 + 0.25) ** 0.5
    torch.testing.assert_close(cm_boundary(denoiser, schedule)(X, level), skip * X + out * network)
