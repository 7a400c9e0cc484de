"""Positions: the formula, other grids than the trained one, and what a network keeps of them."""

import math

import pytest
import torch

from diffsmith.nn.positions import SincosPositions, sincos_line


def test_a_line_is_its_formula():
    frequencies = [math.exp(-math.log(10_000) * i / 4) for i in range(4)]
    expected = [f(3 * w) for f in (math.sin, math.cos) for w in frequencies]
    assert sincos_line(8, 5, trained=5)[3].tolist() == pytest.approx(expected, abs=1e-6)


def test_twice_the_places_share_the_length_and_a_scale_shrinks_it():
    line = sincos_line(8, 6, trained=6)
    torch.testing.assert_close(sincos_line(8, 12, trained=6)[::2], line, rtol=0, atol=1e-6)
    torch.testing.assert_close(sincos_line(8, 6, trained=6, scale=2)[::2], line[:3], rtol=0, atol=1e-6)


@pytest.mark.parametrize("grid", [(3, 5), (6, 10), (7, 2)])
def test_every_place_of_a_grid_has_its_own_vector_of_column_then_row(grid):
    table = SincosPositions(16, (3, 5))(*grid).view(*grid, 16)
    assert len(torch.unique(table.flatten(0, 1), dim=0)) == math.prod(grid)
    assert torch.equal(table[..., :8], table[:1, :, :8].expand(*grid, 8))
    assert torch.equal(table[..., 8:], table[:, :1, 8:].expand(*grid, 8))


def test_a_grid_is_the_same_kept_or_made_anew():
    kept, other = SincosPositions(8, (4, 6), scale=2.0), SincosPositions(8, (2, 3))
    torch.testing.assert_close(kept(4, 6), other(4, 6))


def test_positions_are_real_among_weights_that_are_not_and_are_saved_nowhere():
    with torch.device("meta"):
        positions = SincosPositions(8, (2, 2))
    assert torch.equal(positions(2, 2), SincosPositions(8, (2, 2))(2, 2))
    assert positions.state_dict() == {}


@pytest.mark.parametrize("grid", [(2, 2), (4, 2)])
def test_positions_follow_a_network_to_its_precision(grid):
    assert SincosPositions(8, (2, 2)).to(torch.bfloat16)(*grid).dtype == torch.bfloat16
