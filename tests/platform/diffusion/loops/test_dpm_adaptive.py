"""Step sizes of its own choice: how they answer to the tolerance."""

import math

import pytest
import torch

from diffsmith.diffusion import levels
from diffsmith.diffusion.loops.dpm_adaptive import dpm_adaptive
from diffsmith.diffusion.noise import Seeded
from diffsmith.testing import bare, three_blobs

DENOISE = three_blobs().denoise
GRID = torch.tensor([-4.0, 0.0, 3.5], dtype=torch.float64)
X = levels.ve(-4.0).sigma * torch.randn(4, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def walk(denoise=DENOISE, **options):
    return list(dpm_adaptive(denoise, X, bare(levels.ve), GRID, Seeded([]), **options))


def counting(denoise):
    asked = []

    def counted(x, level):
        asked.append((x, level.log_snr))
        return denoise(x, level)

    return asked, counted


@pytest.mark.parametrize("order", [2, 3])
def test_a_lower_tolerance_is_nearer_to_the_truth_and_costs_more(order):
    true, errors, costs = walk(rtol=1e-4, atol=1e-4)[-1].x, [], []
    for tolerance in (0.1, 0.01, 0.002):
        asked, counted = counting(three_blobs().denoise)
        last = walk(counted, order=order, rtol=tolerance, atol=tolerance)[-1]
        errors.append(float((last.x - true).norm()))
        costs.append(len(asked))
    assert errors[0] > errors[1] > errors[2]
    assert costs[0] < costs[1] < costs[2]


def test_a_step_not_taken_costs_no_answer_that_is_known():
    asked, counted = counting(three_blobs().denoise)
    frames = walk(counted, h_init=2.0, rtol=0.005)
    assert len(asked) > 3 * len(frames)  # some steps were tried again
    assert len({(tuple(x.flatten().tolist()), level) for x, level in asked}) == len(asked)


def test_a_straight_way_takes_ever_longer_steps():
    ways = [frame.level.log_snr for frame in walk(lambda x, level: torch.zeros_like(x))]
    lengths = [after - before for before, after in zip([-4.0, *ways], ways, strict=False)]
    assert lengths[0] == pytest.approx(0.05)
    assert lengths[:-1] == sorted(lengths[:-1])


def test_an_answer_that_is_not_a_number_ends_the_walk():
    assert len(walk(lambda x, level: x * math.nan)) < 10


@pytest.mark.parametrize("gains", [{}, {"pcoeff": 0.3, "dcoeff": 0.2}])
def test_an_error_without_measure_ends_the_walk_too(gains):
    blown = torch.tensor([1.0, -1.0], dtype=torch.float64) * 1e200
    frames = dpm_adaptive(
        lambda x, level: blown * (1 + math.sin(1e4 * level.log_snr)),
        X,
        bare(levels.ve),
        torch.tensor([-0.5, 0.0], dtype=torch.float64),
        Seeded([]),
        atol=1e-300,
        rtol=1e-300,
        **gains,
    )
    *_, last = frames
    assert last.level.log_snr == pytest.approx(0, abs=1e-5)
