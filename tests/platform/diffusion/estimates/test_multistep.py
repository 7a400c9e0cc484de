import math

import pytest
import torch

from diffsmith import default_registry, factory
from diffsmith.diffusion import levels
from diffsmith.diffusion.noise import Seeded
from diffsmith.errors import SpecError
from diffsmith.specs import SchedulerSpec
from diffsmith.testing import bare, three_blobs

REGISTRY = default_registry()
LOG_SNRS = [-4.0, -2, -1.3, -0.2, 0.1, 1, 2.5]


def walk(name, log_snrs=(*LOG_SNRS, math.inf), path=levels.vp, **options):
    """x after every step, from the same start."""
    log_snrs = torch.tensor(log_snrs, dtype=torch.float64)
    noise = Seeded([0])
    start = path(log_snrs[0].item())
    x = start.sigma * noise(torch.zeros(1, 2, dtype=torch.float64), start, start)
    loop = factory.scheduler(SchedulerSpec(name=name, **options), REGISTRY)
    return torch.stack([frame.x for frame in loop(three_blobs().denoise, x, bare(path), log_snrs, noise)])


SAME = [
    (("dpmpp_2m_sde", {"eta": 0.0}), ("dpmpp_2m", {})),
    (("dpmpp_2m_sde_heun", {"eta": 0.0}), ("dpmpp_2m", {"kind": "heun"})),
    (("dpmpp_2m_sde", {"kind": "heun"}), ("dpmpp_2m_sde_heun", {})),
    (("dpmpp_3m_sde", {"eta": 0.0}), ("dpmpp_3m", {})),
    (("unipc", {"skip": "all"}), ("dpmpp_2m", {})),
    (("unipc", {"skip": "all", "order": 1}), ("euler", {})),
    (("uni_pc_bh1", {"order": 3}), ("unipc", {"order": 3, "solver": "bh1"})),
    (("res_multistep", {}), ("dpmpp_2m", {"kind": "heun"})),
    (("res_multistep_ancestral", {"eta": 0.0}), ("res_multistep", {})),
    (("exponential_adams", {"order": 2, "corrector_order": 0}), ("dpmpp_2m", {"kind": "heun"})),
    (
        ("exponential_adams", {"order": 2, "corrector_order": 0, "form": "noise"}),
        ("dpm_solver", {"kind": "heun"}),
    ),
    (("dpm_solver", {"order": 1}), ("euler", {})),
    (("dpm_solver_sde", {"tau": 0.0}), ("dpm_solver", {})),
    (("sa_solver", {"predictor_order": 1, "corrector_order": 0, "tau": 0.0}), ("euler", {})),
    (
        ("sa_solver", {"predictor_order": 1, "corrector_order": 0, "tau_from": 1e9, "tau_to": 0.0}),
        ("ddpm", {}),
    ),
    (
        ("sa_solver", {"tau": 0.0, "lower_order_final": False, "predictor_order": 2, "corrector_order": 3}),
        ("unipc", {"solver": "bh1", "lower_order_final": False}),
    ),
    (
        ("sa_solver_pece", {"corrector_order": 0}),
        (
            "sa_solver",
            {
                "predictor_order": 3,
                "corrector_order": 0,
                "simple_order_2": False,
            },
        ),
    ),
]


@pytest.mark.parametrize("path", [levels.ve, levels.vp, levels.flow])
@pytest.mark.parametrize(("one", "other"), SAME)
def test_rows_that_are_one_solver(one, other, path):
    a, b = (walk(name, path=path, **options) for name, options in (one, other))
    torch.testing.assert_close(a[-1], b[-1], rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", ["dpmpp_2m", "dpmpp_3m", "dpm_solver"])
def test_lower_orders_at_the_end_change_nothing_before(name):
    plain, euler = walk(name, LOG_SNRS), walk(name, LOG_SNRS, euler_at_final=True)
    assert torch.equal(plain[:-1], euler[:-1])
    assert not torch.equal(plain[-1], euler[-1])
    lower = walk(name, LOG_SNRS, lower_order_final=True)
    same = 2 if name == "dpmpp_3m" else 1
    assert torch.equal(plain[:-same], lower[:-same])
    assert torch.equal(lower[-1], euler[-1]) == (same == 1)


def test_fifteen_steps_need_no_lower_order():
    log_snrs = torch.linspace(-2, 2, 16).tolist()
    assert torch.equal(walk("dpmpp_3m", log_snrs), walk("dpmpp_3m", log_snrs, lower_order_final=True))


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("dpm_solver", "order", 4),
        ("dpmpp_2m", "kind", "logrho"),
        ("dpmpp_2m", "order", 2),
        ("unipc", "order", 0),
        ("unipc", "solver", "bh3"),
        ("sa_solver", "corrector_order", 5),
        ("sa_solver", "tau", -1.0),
        ("er_sde", "max_stage", 4),
    ],
)
def test_options_out_of_bounds_are_refused_by_name(name, option, value):
    with pytest.raises(SpecError, match=option):
        walk(name, **{option: value})
