"""Filters that halve and double: what they keep, and what they are."""

import pytest
import torch
from torch.nn import functional as F

from diffsmith.nn.fir import SMOOTH, FIRDouble, FIRHalve
from diffsmith.nn.resample import double, halve


def test_equal_taps_are_the_mean_and_the_copy():
    x = torch.randn(2, 3, 4, 6)
    torch.testing.assert_close(FIRHalve((1, 1))(x), halve(x))
    torch.testing.assert_close(FIRDouble((1, 1))(x), double(x))


@pytest.mark.parametrize("taps", [(1, 1), SMOOTH])
def test_a_flat_map_stays_what_it_is_away_from_its_border(taps):
    x = torch.full((1, 2, 8, 8), 0.7)
    torch.testing.assert_close(FIRHalve(taps)(x)[:, :, 1:-1, 1:-1], x[:, :, :2, :2])
    torch.testing.assert_close(FIRDouble(taps)(x)[:, :, 2:-2, 2:-2], x.repeat(1, 1, 2, 2)[:, :, 2:-2, 2:-2])


def test_rows_and_columns_are_weighed_one_by_one():
    line = torch.tensor([0.0, 1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0])
    x = torch.outer(line, line)[None, None]
    padded = F.pad(line, (1, 1))
    halved = torch.stack([padded[2 * i : 2 * i + 4] @ torch.tensor(SMOOTH) / 8 for i in range(4)])
    torch.testing.assert_close(FIRHalve()(x)[0, 0], torch.outer(halved, halved))


def test_a_map_that_was_padded_before_wants_no_more():
    x = torch.randn(1, 2, 8, 8)
    torch.testing.assert_close(FIRHalve(pad=0)(F.pad(x, (1, 1, 1, 1))), FIRHalve()(x))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_the_filter_is_no_weight_and_follows_the_map(dtype):
    with torch.device("meta"):
        layers = FIRHalve(), FIRDouble()
    assert not any(layer.state_dict() for layer in layers)
    assert {layer(torch.randn(1, 2, 4, 4, dtype=dtype)).dtype for layer in layers} == {dtype}
