import math

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from diffsmith.diffusion import betas, schedules
from diffsmith.diffusion.levels import Level

SCHEDULES = {
    **{f"vp {name}": schedules.vp(betas=name) for name in betas.BETAS},
    "vp of 50": schedules.vp(timesteps=50),
    "flow": schedules.flow(),
    "flow shifted": schedules.flow(shift=3.0),
    "ve": schedules.ve(),
    "edm": schedules.edm(),
    "edm of 40": schedules.edm(rho=7.0, timesteps=40, label_scale=1000.0),
    "vp_sde": schedules.vp_sde(),
    "sub_vp_sde": schedules.sub_vp_sde(),
    "angle": schedules.angle(),
    "cosine": schedules.cosine(),
    "cosine bent": schedules.cosine(scaler=0.5),
    "vp listed": schedules.vp(trained_betas=tuple(np.linspace(1e-4, 0.02, 1000))),
    "vp sigma": schedules.vp(interpolation="sigma"),
    "vp zero": schedules.vp(betas="scaled_linear", terminal="zero"),
    "vp_fading": schedules.vp_fading(),
    "vp_fading soon": schedules.vp_fading(betas="linear", start=1e-4, end=0.02, least=0.3, within=50),
    "vp tiny": schedules.vp(betas="scaled_linear", terminal="tiny"),
}
TIMES = torch.linspace(0, 1, 33, dtype=torch.float64)


def told(name, time):
    """What the network is told of a training time, by hand."""
    continuous = {
        "vp_sde": 999 * (1e-3 + time * (1 - 1e-3)),
        "sub_vp_sde": 999 * (1e-3 + time * (1 - 1e-3)),
        "angle": (1 + 999 * time) / 1000,
        "cosine": time,
        "cosine bent": time,
    }
    if name in continuous:
        return continuous[name]
    if name == "edm of 40":
        return 1000 * (0.002 ** (1 / 7) + time * (80 ** (1 / 7) - 0.002 ** (1 / 7))).log() * 7 / 4
    if name.startswith("vp"):
        return time * (SCHEDULES[name].timesteps - 1)
    if name.startswith("flow"):
        sigma = (1 + 999 * time) / 1000
        return 1000 * (sigma if name == "flow" else 3 * sigma / (1 + 2 * sigma))
    low, high = (0.01, 50) if name == "ve" else (0.002, 80)
    return (low * (high / low) ** time).log() / 4


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_label_gives_the_time_back(name):
    schedule = SCHEDULES[name]
    label = schedule.label(schedule.path(schedule.at(TIMES)))
    torch.testing.assert_close(label, told(name, TIMES), rtol=1e-9, atol=1e-6)


def test_every_kind_is_tested():
    assert {name.split()[0] for name in SCHEDULES} == set(schedules.__all__) - {"NoiseSchedule"}


@pytest.mark.parametrize("name", SCHEDULES)
def test_time_runs_from_clean_to_noisy(name):
    schedule = SCHEDULES[name]
    log_snrs = schedule.at(TIMES)
    assert log_snrs.dtype == torch.float64
    assert (log_snrs.diff() < 0).all()
    assert schedule.ends() == (log_snrs[0], log_snrs[-1])


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_number_gives_a_number_and_pure_noise_an_end(name):
    """As in sampling, where levels are floats and a walk may begin without any signal."""
    schedule = SCHEDULES[name]
    for time, log_snr in zip(TIMES, schedule.at(TIMES), strict=True):
        label = schedule.label(schedule.path(log_snr.item()))
        assert isinstance(label, float)
        assert label == pytest.approx(told(name, time).item(), rel=1e-9, abs=1e-6)
    if name not in ("ve", "edm", "edm of 40"):
        last = told(name, TIMES[-1]).item()
        assert schedule.label(schedule.path(-torch.inf)) == pytest.approx(last)


@pytest.mark.parametrize("how", ["rounded", "floored"])
def test_whole_timesteps(how):
    schedule = schedules.vp(label=how)
    levels = schedule.path(schedule.at(torch.tensor([999.0, 10.7, 3.2, 7.0]) / 999))
    wanted = [999, 11, 3, 7] if how == "rounded" else [999, 10, 3, 7]
    assert schedule.label(levels).tolist() == wanted
    numbers = zip(*(part.tolist() for part in levels), strict=True)
    assert [schedule.label(Level(*each)) for each in numbers] == wanted
    assert schedules.flow(label=how).label(Level(0.9996, 0.0004)) == 0


def test_a_straight_line_in_sigma_between_two_timesteps():
    schedule = schedules.vp(interpolation="sigma")
    sigmas = (-schedule.at(torch.tensor([4.0, 4.25, 5.0], dtype=torch.float64) / 999)).exp()
    torch.testing.assert_close(sigmas[1], sigmas[0].lerp(sigmas[2], 0.25))


def test_nothing_of_the_signal_is_left_at_a_zero_terminal():
    trained, zero, tiny = (
        schedules.vp(betas="scaled_linear", terminal=end) for end in ("trained", "zero", "tiny")
    )
    assert zero.ends()[1] == -torch.inf
    torch.testing.assert_close((2 * tiny.ends()[1]).sigmoid(), torch.tensor(2.0**-24, dtype=torch.float64))
    torch.testing.assert_close(zero.ends()[0], trained.ends()[0])
    between = zero.at(torch.tensor([998.0, 998.5, 999.0], dtype=torch.float64) / 999)
    assert (between.diff() < 0).all()
    assert between[1].isfinite()


def test_log_sigma_is_told_of_any_level():
    schedule = schedules.vp(label="log_sigma", terminal="tiny")
    assert schedule.label(schedule.path(-math.log(700.0))) == pytest.approx(math.log(700.0) / 4)
    with pytest.raises(ValueError, match="no log sigma to tell"):
        schedules.vp(label="log_sigma", terminal="zero")


def test_sub_vp_has_its_own_path():
    path = schedules.sub_vp_sde().path
    for log_snr in (-800.0, -3.0, 0.0, 4.0, 800.0):
        level = path(log_snr)
        assert level.alpha**2 + level.sigma == pytest.approx(1)
        assert math.isinf(level.log_snr) or level.log_snr == pytest.approx(log_snr)
    assert path(-math.inf) == (0, 1)
    assert path(math.inf) == (1, 0)


def test_the_share_of_the_signal_is_told_where_a_network_wants_it():
    assert schedules.flow(label="inverted").label(Level(0.2, 0.8)) == pytest.approx(200)


def test_sigma_is_told_where_a_network_wants_it():
    assert schedules.ve(label="sigma").label(Level(1.0, 3.5)) == 3.5
    assert schedules.ve(label="log_half_sigma").label(Level(1.0, 3.5)) == pytest.approx(math.log(1.75))


def test_the_nearest_sigma_of_a_table_is_told_as_iddpm_does():
    """By hand: the squared sine of Nichol & Dhariwal (2021), no ratio of two below 0.001."""
    known = [0.0]
    for j in range(1000, 0, -1):
        ratio = math.sin(math.pi / 2 * (j - 1) / 1008) ** 2 / math.sin(math.pi / 2 * j / 1008) ** 2
        known.append(math.sqrt((known[-1] ** 2 + 1) / max(ratio, 0.001) - 1))
    sigmas = np.array(known[1:])
    schedule = schedules.vp(betas="cosine", interpolation="sigma", label="rounded")
    for sigma in (0.011, 0.07, 0.5, 1.5, 30.0, 1e3, 2e4):
        assert schedule.label(schedule.path(-math.log(sigma))) == np.abs(sigmas - sigma).argmin()


def test_the_label_stays_inside_what_was_trained():
    schedule = schedules.vp()
    beyond = torch.tensor([-20.0, 20.0], dtype=torch.float64)
    assert schedule.label(schedule.path(beyond)).tolist() == [999, 0]


def test_vp_ends_at_its_first_and_last_beta():
    clean, noisy = schedules.vp(start=0.01, end=0.02, timesteps=2).ends()
    torch.testing.assert_close((2 * clean).sigmoid(), torch.tensor(0.99, dtype=torch.float64))
    torch.testing.assert_close((2 * noisy).sigmoid(), torch.tensor(0.99 * 0.98, dtype=torch.float64))


def test_edm_input_has_unit_variance():
    schedule = schedules.edm(sigma_data=0.7)
    level = schedule.path(schedule.at(TIMES))
    torch.testing.assert_close(schedule.scale(level) ** 2 * (level.sigma**2 + 0.7**2), torch.ones_like(TIMES))


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_a_first_beta_without_noise_is_refused(start):
    """No noise is infinitely clean: nothing can be interpolated from there."""
    option = TypeAdapter(schedules.vp.__annotations__["start"])
    with pytest.raises(ValidationError):
        option.validate_python(start)


def test_a_signal_that_fades_leaves_the_noise_as_it_is():
    faded, plain = schedules.vp_fading(), schedules.vp(betas="scaled_linear")
    timesteps = torch.tensor([0, 200, 399, 400, 999], dtype=torch.float64)
    mine, other = (each.path(each.at(timesteps / 999)) for each in (faded, plain))
    torch.testing.assert_close(mine.sigma, other.sigma)
    torch.testing.assert_close(mine.alpha / other.alpha, torch.from_numpy(fallen())[timesteps.long()])


def fallen():
    """As VideoCrafter tells it."""
    return np.concatenate([np.linspace(1, 0.7, 400), np.full(600, 0.7)])
