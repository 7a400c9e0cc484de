"""Noise that is one path: what is drawn over parts adds up, and a sample depends on its seed alone."""

import warnings

import pytest
import torch

from diffsmith.diffusion.levels import flow, ve
from diffsmith.diffusion.noise import brownian, seeded

GRID = torch.tensor([-3.0, 0.0, 2.5, torch.inf], dtype=torch.float64)
BLANK = torch.zeros(2, 3, 4, dtype=torch.float64)


def walked(noise, x, here, there):
    """W(there) - W(here)."""
    start, end = ve(here), ve(there)
    return noise(x, start, end) * abs(end.ratio - start.ratio) ** 0.5


def test_parts_add_up_to_the_whole():
    noise = brownian([4, 5], GRID)
    whole = walked(noise, BLANK, -2.0, 1.0)
    parts = walked(noise, BLANK, -2.0, 0.3) + walked(noise, BLANK, 0.3, 1.0)
    torch.testing.assert_close(parts, whole)
    torch.testing.assert_close(walked(noise, BLANK, 1.0, -2.0), -whole)


def test_a_sample_depends_on_its_seed_alone():
    together, alone = brownian([3, 1, 2], GRID), brownian([2], GRID)
    whole = together(torch.zeros(3, 2, 4), ve(-1.0), ve(0.0))
    alone(torch.zeros(1, 2, 4), ve(1.0), ve(2.0))  # what was asked before does not matter
    assert torch.equal(whole[2:], alone(torch.zeros(1, 2, 4), ve(-1.0), ve(0.0)))
    assert not torch.equal(whole[0], whole[1])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_unit_normal_and_like_x(dtype):
    x = torch.zeros(2, 20_000, dtype=dtype)
    drawn = brownian([0, 1], GRID)(x, ve(-1.0), ve(0.0))
    assert (drawn.dtype, drawn.shape) == (x.dtype, x.shape)
    torch.testing.assert_close(drawn.float().std(1), torch.ones(2), rtol=0, atol=0.02)


def test_the_ends_of_the_walk_raise_no_warning():
    noise = brownian([0, 1], GRID)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for here, there in ((-3.0, 2.5), (-3.0, 0.0), (0.0, 2.5)):
            assert noise(BLANK, ve(here), ve(there)).isfinite().all()


def test_where_no_path_lies_the_noise_is_plain_and_counted():
    noise, plain = brownian([7, 8], GRID, 1), seeded([7, 8], GRID, 1)
    for here, there in ((-1.0, -1.0), (-3.0, -3.5), (2.5, torch.inf)):
        assert torch.equal(noise(BLANK, ve(here), ve(there)), plain(BLANK, ve(here), ve(there)))
    assert noise.drawn == plain.drawn == 4


def test_from_pure_noise_time_is_flow_time():
    grid = torch.tensor([-torch.inf, 0.0, 2.0, torch.inf], dtype=torch.float64)
    noise = brownian([0, 1], grid)
    start, middle, end = (flow(log_snr) for log_snr in (-torch.inf, -1.0, 0.0))
    first, second, whole = (
        noise(BLANK, here, there) * (here.sigma - there.sigma) ** 0.5
        for here, there in ((start, middle), (middle, end), (start, end))
    )
    torch.testing.assert_close(first + second, whole)
