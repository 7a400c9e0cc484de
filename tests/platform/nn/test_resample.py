"""Resampling: sizes, and what is kept."""

import pytest
import torch
from torch import nn

from diffsmith.nn.resample import Downsample, Upsample, double, halve, keep


def test_halving_undoes_doubling():
    x = torch.randn(2, 3, 4, 6)
    assert torch.equal(halve(double(x)), x)
    assert double(x).shape == (2, 3, 8, 12)
    assert keep(x) is x


def test_halving_keeps_the_mean():
    x = torch.randn(2, 3, 4, 6)
    torch.testing.assert_close(halve(x).mean((2, 3)), x.mean((2, 3)))


@pytest.mark.parametrize(("pad", "corner"), [((1, 1, 1, 1), 4), ((0, 1, 0, 1), 9)])
def test_a_downsampling_convolution_halves_and_pads_where_told(pad, corner):
    layer = Downsample(1, pad)
    nn.init.ones_(layer.conv.weight)
    nn.init.zeros_(layer.conv.bias)
    out = layer(torch.ones(1, 1, 8, 6), torch.empty(0))
    assert out.shape == (1, 1, 4, 3)
    assert out[0, 0, 0, 0] == corner  # how many pixels the first window sees


def test_an_upsampling_convolution_doubles():
    assert Upsample(4)(torch.randn(2, 4, 3, 5), torch.empty(0)).shape == (2, 4, 6, 10)


@pytest.mark.parametrize("size", [(5, 10), (6, 9), (5, 9), (6, 10)])
def test_doubling_to_an_odd_size_leaves_out_the_last_row_or_column(size):
    x = torch.randn(2, 4, 3, 5)
    assert torch.equal(double(x, size), double(x)[:, :, : size[0], : size[1]])
    assert Upsample(4)(x, torch.empty(0), size).shape == (2, 4, *size)
