import math
from functools import partial

import pytest
import torch

from diffsmith.diffusion import levels, renoise
from diffsmith.diffusion.correctors import sa_corrector, unic
from diffsmith.diffusion.estimates.exponential_adams import exponential_adams, sa_solver
from diffsmith.diffusion.estimates.single import euler
from diffsmith.diffusion.estimates.unified import unipc
from diffsmith.diffusion.noise import Seeded
from diffsmith.diffusion.trajectory import trajectory
from diffsmith.testing import bare, three_blobs

PATHS = [levels.ve, levels.vp, levels.flow]
UNIC = [partial(unic, order=order, solver=solver) for order in (1, 2, 3) for solver in ("bh1", "bh2")]
SA = [
    partial(sa_corrector, corrector_order=order, simple_order_2=simple)
    for order in (1, 2, 3, 4)
    for simple in (True, False)
]
CORRECTORS = [*UNIC, *SA]


def walked(log_snrs, correct=None, path=levels.vp, estimate=euler, rule=renoise.ode, denoise=None):
    log_snrs = torch.as_tensor(log_snrs, dtype=torch.float64)
    x = path(log_snrs[0].item()).sigma * torch.randn(
        8, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    return list(
        trajectory(
            denoise or three_blobs().denoise,
            x,
            bare(path),
            log_snrs,
            Seeded(range(8)),
            estimate=estimate,
            renoise=rule,
            correct=correct,
        )
    )


@pytest.mark.parametrize("rule", [renoise.ode, renoise.sde, renoise.ancestral])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("correct", CORRECTORS)
def test_where_the_estimate_is_constant_there_is_nothing_to_correct(correct, path, rule):
    """Of the noise too: the same is added again."""
    x0, log_snrs = torch.ones(8, 2, dtype=torch.float64), [-2.0, -0.5, 0.1, 0.7, 2.0]
    one, other = (walked(log_snrs, c, path, rule=rule, denoise=lambda x, level: x0) for c in (correct, None))
    torch.testing.assert_close(one[-1].x, other[-1].x)


@pytest.mark.parametrize("correct", CORRECTORS)
def test_finite_from_pure_noise_to_none(correct):
    frames = walked([-math.inf, -3.0, -1.0, 0.5, math.inf], correct, levels.flow, unipc, renoise.sde)
    assert all(frame.x.isfinite().all() for frame in frames)


def order(estimate, correct, path):
    ends = [
        walked(torch.linspace(-2, 2, steps + 1), correct, path, estimate)[-1].x for steps in (20, 80, 600)
    ]
    coarse, fine = ((end - ends[-1]).norm() for end in ends[:2])
    return math.log(coarse / fine, 4)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("solver", ["bh1", "bh2"])
@pytest.mark.parametrize(("p", "wanted"), [(1, 2), (2, 3), (3, 3.1)])
def test_unic_raises_the_order_by_one(p, wanted, solver, path):
    """But for the first step, which is corrected to order 2: that keeps the third order from the fourth."""
    choice = {"order": p, "solver": solver, "lower_order_final": False}
    assert order(partial(unipc, **choice), partial(unic, **choice), path) == pytest.approx(wanted, abs=0.25)


@pytest.mark.parametrize("path", PATHS)
def test_adams_bashforth_moulton_has_a_third_order(path):
    correct = partial(sa_corrector, corrector_order=4, simple_order_2=False, lower_order_final=False)
    assert order(exponential_adams, correct, path) == pytest.approx(3.1, abs=0.25)


def test_an_order_above_the_predictors_lifts_any_solver():
    assert order(euler, partial(unic, order=1), levels.vp) == pytest.approx(2, abs=0.1)


def test_unic_is_sa_s_corrector_without_noise():
    log_snrs = torch.linspace(-2, 2, 9)
    for p in (2, 3):
        one = walked(log_snrs, partial(unic, order=p, solver="bh1", lower_order_final=False))
        other = walked(log_snrs, partial(sa_corrector, corrector_order=p + 1, lower_order_final=False))
        torch.testing.assert_close(one[-1].x, other[-1].x)


def test_steps_that_are_skipped_stay_as_they_are():
    log_snrs = torch.linspace(-2, 2, 9)
    plain, none = walked(log_snrs), walked(log_snrs, partial(unic, skip="all"))
    assert torch.equal(plain[-1].x, none[-1].x)
    assert torch.equal(none[-1].x, walked(log_snrs, partial(unic, skip=tuple(range(8))))[-1].x)
    assert torch.equal(none[-1].x, walked(log_snrs, partial(sa_corrector, corrector_order=0))[-1].x)
    later = walked(log_snrs, partial(unic, skip=(0, 1)))
    assert torch.equal(later[2].x, plain[2].x)
    assert not torch.equal(later[3].x, plain[3].x)


def test_noise_that_was_lifted_is_left_alone():
    log_snrs, rule = torch.linspace(-2, 2, 9), partial(renoise.churn, gamma=0.2)
    one, other = walked(log_snrs, unic, rule=rule), walked(log_snrs, rule=rule)
    assert torch.equal(one[-1].x, other[-1].x)


@pytest.mark.parametrize(("sooner", "orders"), [(False, [2, 3, 4, 4, 3]), (True, [2, 3, 4, 3, 2])])
def test_the_order_falls_towards_the_end(sooner, orders, monkeypatch):
    """A walk of 7 steps, the last of which leaves no noise and is not corrected."""
    from diffsmith.diffusion import correctors

    seen, inner = [], correctors.held
    monkeypatch.setattr(correctors, "held", lambda *a: seen.append(len(a[2])) or inner(*a))
    correct = partial(sa_corrector, corrector_order=4, lower_sooner=sooner)
    walked([*torch.linspace(-2, 2, 7).tolist(), math.inf], correct, estimate=sa_solver)
    assert seen == orders
