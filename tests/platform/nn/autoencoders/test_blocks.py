"""The blocks of autoencoders: what they compute, and that nothing is written over that somebody needs."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from diffsmith.nn.autoencoders.blocks import DoublingConv, Downsample, Residual, Stage, Upsample, like, silu


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (8, 8)])
@pytest.mark.parametrize("bias", [True, False])
def test_a_doubling_convolution_is_one_of_the_doubled_picture(size, bias):
    conv = DoublingConv(6, bias=bias).double()
    x = torch.randn(2, 6, *size, dtype=torch.float64)
    doubled = F.interpolate(x, scale_factor=2.0, mode="nearest")
    torch.testing.assert_close(conv(x), F.conv2d(doubled, conv.weight, conv.bias, padding=1))


def test_a_doubling_convolution_has_the_gradients_of_one_of_the_doubled_picture():
    conv, x = DoublingConv(3).double(), torch.randn(1, 3, 4, 5, dtype=torch.float64)
    doubled = F.interpolate(x, scale_factor=2.0, mode="nearest")
    plain = F.conv2d(doubled, conv.weight, conv.bias, padding=1).square().sum()
    expected = torch.autograd.grad(plain, list(conv.parameters()))
    found = torch.autograd.grad(conv(x).square().sum(), list(conv.parameters()))
    torch.testing.assert_close(found, expected)


def test_a_doubling_convolution_keeps_the_digits_of_halves():
    conv = DoublingConv(16)
    x = torch.randn(1, 16, 8, 8)
    expected = conv(x)
    error = (conv.bfloat16()(x.bfloat16()).float() - expected).square().mean().sqrt()
    assert error < 0.01 * expected.std()


def test_halving_reads_beyond_the_right_and_lower_border():
    down = Downsample(1)
    nn.init.ones_(down.conv.weight)
    nn.init.zeros_(down.conv.bias)
    assert down(torch.ones(1, 1, 4, 4)).tolist() == [[[[9.0, 6.0], [6.0, 4.0]]]]


@pytest.mark.parametrize("learns", [True, False])
@pytest.mark.parametrize("out_channels", [8, 4])
def test_a_block_leaves_its_input_alone(learns, out_channels):
    block = Residual(8, out_channels, lambda c: nn.GroupNorm(2, c)).requires_grad_(learns)
    x = torch.randn(2, 8, 4, 4)
    before = x.clone()
    block(x)
    assert torch.equal(x, before)


def test_a_block_that_learns_answers_as_one_that_does_not():
    block = Residual(8, 4, lambda c: nn.GroupNorm(2, c))
    x = torch.randn(2, 8, 4, 4)
    learning = block(x)
    with torch.inference_mode():
        torch.testing.assert_close(block(x), learning.detach())


def test_silu_writes_over_what_no_gradient_needs():
    kept, free = torch.randn(3, requires_grad=True), torch.randn(3)
    expected = F.silu(free)
    assert silu(kept * 1.0).requires_grad
    assert silu(free) is free
    assert torch.equal(free, expected)


def test_a_stages_layers_come_in_the_order_in_which_they_run():
    layers = [nn.Identity() for _ in range(4)]
    up = Upsample(2)
    stage = Stage(layers[0::2], layers[1:3:2], upsamplers=up)
    assert list(stage) == [layers[0], layers[1], layers[2], up]


def test_a_number_format_is_its_weights():
    assert like(torch.ones(1), nn.Linear(1, 1).bfloat16()).dtype == torch.bfloat16
