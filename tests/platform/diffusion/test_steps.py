import pytest
import torch

from diffsmith.diffusion import levels
from diffsmith.diffusion.steps import Step


@pytest.mark.parametrize("path", [levels.ve, levels.vp, levels.flow])
def test_at_divides_the_way_in_log_snr(path):
    here, there = (path(torch.tensor(log_snr).double()) for log_snr in (-2.0, 1.0))
    step = Step(here, here, there, there, path=path)
    for fraction, log_snr in ((0.0, -2.0), (1 / 3, -1.0), (1.0, 1.0)):
        torch.testing.assert_close(step.at(fraction), path(torch.tensor(log_snr).double()))


def test_the_middle_of_a_step_from_pure_noise_is_pure_noise():
    here, there = (levels.flow(torch.tensor(log_snr).double()) for log_snr in (-torch.inf, 1.0))
    assert Step(here, here, there, there, path=levels.flow).at(0.5).sigma == 1
