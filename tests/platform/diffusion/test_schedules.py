import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from diffsmith.diffusion import betas, schedules

SCHEDULES = {
    **{f"vp {name}": schedules.vp(betas=name) for name in betas.BETAS},
    "vp of 50": schedules.vp(timesteps=50),
    "flow": schedules.flow(),
    "flow shifted": schedules.flow(shift=3.0),
    "ve": schedules.ve(),
    "edm": schedules.edm(),
}
TIMES = torch.linspace(0, 1, 33, dtype=torch.float64)


def told(name, time):
    """What the network is told of a training time, by hand."""
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
