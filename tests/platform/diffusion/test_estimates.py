import math
from functools import cache

import pytest
import torch

from diffsmith import default_registry
from diffsmith.diffusion import levels
from diffsmith.diffusion.noise import Seeded
from diffsmith.diffusion.trajectory import trajectory
from diffsmith.testing import three_blobs
from diffsmith.testing.paths import bare

PATHS = [levels.ve, levels.vp, levels.flow]
# 3M as published is of order 2: its second difference enters at half the weight that Taylor's series asks
# for. What its third estimate buys is a smaller error, tested below.
ORDERS = {"euler": 1, "heun": 2, "dpm_2": 2, "dpmpp_2s": 2, "dpmpp_2m": 2, "dpmpp_3m": 2}
ORDERS |= {"dpmpp_2m_cfg_pp": 2, "dpmpp_2s_cfg_pp": 2, "res_multistep_cfg_pp": 2}
ORDERS |= {"dpm_solver_2": 2, "dpm_solver_3": 3, "dpmpp_3s": 3, "dpmpp_sde": 2}
ORDERS |= {"dpm_solver": 2, "res_multistep": 2, "unipc": 2, "sa_solver": 2, "exponential_adams": 2}
ORDERS |= {"lms": 2, "ipndm": 2, "ipndm_v": 2, "deis": 2, "deis_tab": 2, "pndm": 2, "gradient_estimation": 1}
# At least. Adams-Bashforth of a higher order keeps the error of its first, Euler's step, which shows only
# once the others are smaller: between 20 and 80 steps such solvers still fall faster than they end.
FASTER = 1.5
ESTIMATES = {card.name: card.function for card in default_registry().entries("estimates")}
COARSE, FINE = 20, 80


def arrive(path, name, steps):
    log_snrs = torch.linspace(-2, 2, steps + 1, dtype=torch.float64)
    noise = torch.randn(8, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    frames = trajectory(
        three_blobs().denoise,
        noise * path(log_snrs[0].item()).sigma,
        bare(path),
        log_snrs,
        Seeded([]),
        estimate=ESTIMATES[name],
    )
    *_, last = frames
    return last.x


@pytest.fixture(scope="module", params=PATHS, ids=lambda path: path.__name__)
def errors(request):
    """(name, steps) -> how far from the true end, on one path."""
    true = arrive(request.param, "dpmpp_3s", 800)
    return cache(lambda name, steps: float((arrive(request.param, name, steps) - true).norm()))


@pytest.mark.parametrize("name", ESTIMATES)
def test_order_of_convergence(name, errors):
    order = math.log(errors(name, COARSE) / errors(name, FINE), FINE / COARSE)
    assert ORDERS[name] - 0.15 < order < ORDERS[name] + FASTER


def test_a_third_estimate_lowers_the_error(errors):
    assert errors("dpmpp_3m", COARSE) < errors("dpmpp_2m", COARSE) / 2


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ESTIMATES)
def test_a_constant_estimate_is_exact_in_any_number_of_steps(name, path):
    x0, noise = torch.randn(2, 3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    log_snrs = torch.tensor([-2.0, -0.5, 0.1, 2.0], dtype=torch.float64)
    start, end = path(log_snrs[0].item()), path(log_snrs[-1].item())
    x = start.alpha * x0 + start.sigma * noise
    *_, last = trajectory(lambda x, level: x0, x, bare(path), log_snrs, Seeded([]), estimate=ESTIMATES[name])
    close = {"rtol": 1e-3, "atol": 1e-3} if name == "deis_tab" else {}  # its published quadrature
    torch.testing.assert_close(last.x, end.alpha * x0 + end.sigma * noise, **close)


@pytest.mark.parametrize(("name", "calls"), [("euler", 1), ("heun", 2), ("dpm_2", 2), ("dpmpp_2s", 2)])
def test_evaluations_a_step(name, calls):
    asked = []

    def denoise(x, level):
        asked.append(level)
        return 0 * x

    log_snrs = torch.linspace(-2, 2, 6, dtype=torch.float64)
    x = torch.ones(1, 2, dtype=torch.float64)
    list(trajectory(denoise, x, bare(levels.vp), log_snrs, Seeded([]), estimate=ESTIMATES[name]))
    assert len(asked) == 5 * calls
