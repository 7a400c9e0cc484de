import inspect

import pytest
import torch

from diffsmith.diffusion import spacings

from .test_schedules import SCHEDULES

LISTED = {
    "timesteps": lambda steps: tuple(torch.linspace(700, 3, steps).tolist()),
    "sigmas": lambda steps: tuple(torch.linspace(30, 0.1, steps).tolist()),
    "log_snrs": lambda steps: tuple(torch.linspace(-3, 4, steps).tolist()),
}


def spaced(name, schedule, steps):
    """The spacing with its defaults; lists that it must be given are made here."""
    spacing = getattr(spacings, name)
    needed = (p for p in inspect.signature(spacing).parameters.values() if p.kind is p.KEYWORD_ONLY)
    lists = {p.name: LISTED[p.name](steps) for p in needed if p.default is p.empty}
    return spacing(schedule, steps, **lists)


SHORT = {"vp of 50", "edm of 40"}
HELD = {"cosine", "cosine bent"}  # many times share the level at either end of these
NOT_MANY = {"laplace", "lcm"}


@pytest.mark.parametrize("schedule", sorted(set(SCHEDULES) - SHORT))
@pytest.mark.parametrize("name", spacings.__all__)
def test_every_spacing_walks_from_noise_to_none(name, schedule):
    for steps in (1, 2, 7, 50, 333):
        if steps > (20 if schedule in HELD else 50 if name in NOT_MANY else 333):
            continue
        log_snrs = spaced(name, SCHEDULES[schedule], steps)
        assert log_snrs.shape == (steps + 1,)
        assert log_snrs.dtype == torch.float64
        assert not log_snrs.isnan().any()
        assert (log_snrs[1:] > log_snrs[:-1]).all()
        assert log_snrs[-1] == torch.inf
        assert log_snrs[:-1].max() < torch.inf


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(
    "name",
    [
        "trailing",
        "linspace",
        "sgm_uniform",
        "simple",
        "quadratic",
        "karras",
        "exponential",
        "polyexponential",
        "beta",
        "kl_optimal",
        "shifted",
        "dynamic_shift",
        "linear_quadratic",
    ],
)
def test_what_starts_at_the_schedule_s_noisy_end(name, schedule):
    noisy = SCHEDULES[schedule].ends()[1]
    for steps in (1, 5):
        torch.testing.assert_close(spaced(name, SCHEDULES[schedule], steps)[0], noisy)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(
    "name",
    ["leading", "linspace", "quadratic", "karras", "exponential", "polyexponential", "beta", "kl_optimal"],
)
def test_what_ends_at_the_schedule_s_clean_end(name, schedule):
    clean = SCHEDULES[schedule].ends()[0]
    torch.testing.assert_close(spaced(name, SCHEDULES[schedule], 5)[-2], clean)


def test_karras_formula():
    """Karras et al. (2022, eq. 5), by hand."""
    sigmas = (-spacings.karras(SCHEDULES["edm"], 4, rho=3.0)).exp()
    low, high = 0.002 ** (1 / 3), 80 ** (1 / 3)
    wanted = [(high + i / 3 * (low - high)) ** 3 for i in range(4)]
    assert sigmas.tolist() == pytest.approx([*wanted, 0])


def test_a_final_zero_may_be_given_or_left_out():
    schedule = SCHEDULES["edm"]
    with_zero = spacings.explicit_sigmas(schedule, 2, sigmas=(2.0, 1.0, 0.0))
    assert torch.equal(with_zero, spacings.explicit_sigmas(schedule, 2, sigmas=(2.0, 1.0)))


@pytest.mark.parametrize("schedule", ["vp linear", "flow"])
def test_an_offset_stays_inside_what_was_trained(schedule):
    log_snrs = spacings.leading(SCHEDULES[schedule], 250, offset=5)
    assert log_snrs[0] == SCHEDULES[schedule].ends()[1]
    assert (log_snrs[1:] > log_snrs[:-1]).all()
