import math

import pytest
import torch

from diffsmith.diffusion import schedules, spacings

VP = schedules.vp()


def told(log_snrs):
    return VP.label(VP.path(log_snrs[:-1])).tolist()


def test_simple_rounds_towards_noise():
    """ComfyUI's simple_scheduler: index -(1 + int(x * 1000 / 3)) of the table."""
    assert told(spacings.simple(VP, 3)) == pytest.approx([999, 666, 333])


def test_ddim_uniform_leaves_the_first_timestep_out():
    assert told(spacings.ddim_uniform(VP, 4)) == pytest.approx([751, 501, 251, 1])


def test_sgm_uniform_does_not_visit_the_clean_end():
    assert told(spacings.sgm_uniform(VP, 3)) == pytest.approx([999, 666, 333])


def test_leading_and_linspace_without_their_clean_end():
    assert told(spacings.leading(VP, 3, closed=False, offset=1)) == pytest.approx([751, 501, 251])
    assert told(spacings.linspace(VP, 2, closed=False, whole=True)) == pytest.approx([999, 500])


@pytest.mark.parametrize("name", ["leading", "linspace", "trailing"])
def test_no_level_is_noisier_than_wanted(name):
    log_snrs = getattr(spacings, name)(schedules.vp(betas="cosine"), 10, log_snr_min=-2.0)
    assert log_snrs[0] >= -2.0


def test_lcm_takes_some_of_what_was_distilled():
    assert told(spacings.lcm(VP, 4)) == pytest.approx([999, 759, 499, 259])
    assert told(spacings.lcm(VP, 2, strength=0.5)) == pytest.approx([499, 259])
    with pytest.raises(ValueError, match="it has 50 of the 1000 training timesteps"):
        spacings.lcm(VP, 51)
    with pytest.raises(ValueError, match="ask for fewer steps"):
        spacings.lcm(VP, 5, original=2000)


def test_crash_is_a_squared_sine_from_pure_noise():
    """v-diffusion's get_crash_schedule."""
    log_snrs = spacings.crash(schedules.angle(), 4)
    sigmas = (-2 * log_snrs).sigmoid().sqrt()
    wanted = [math.sin(u * math.pi / 2) ** 2 for u in (1, 0.75, 0.5, 0.25, 0)]
    assert sigmas.tolist() == pytest.approx(wanted)
    assert spacings.crash(VP, 4)[0] == pytest.approx(VP.ends()[1].item())
    assert not torch.isnan(log_snrs).any()
