import pytest
import torch

from diffsmith.diffusion import levels
from diffsmith.diffusion.steps import Step
from diffsmith.testing.paths import bare


@pytest.mark.parametrize("path", [levels.ve, levels.vp, levels.flow])
def test_at_divides_the_way_in_log_snr(path):
    here, there = (path(log_snr) for log_snr in (-2.0, 1.0))
    step = Step(here, here, there, there, schedule=bare(path))
    for fraction, log_snr in ((0.0, -2.0), (1 / 3, -1.0), (1.0, 1.0)):
        torch.testing.assert_close(step.at(fraction), path(log_snr))


def test_the_middle_of_a_step_from_pure_noise_is_halfway_in_flow_time():
    here, there = (levels.flow(log_snr) for log_snr in (-torch.inf, 1.0))
    middle = Step(here, here, there, there, schedule=bare(levels.flow)).at(0.5)
    assert middle.sigma == pytest.approx((1 + there.sigma) / 2)
