"""The U-Net's skeleton: any layers that keep their contract fit, and every skip is used once."""

from functools import partial
from itertools import product

import pytest
import torch
from torch import nn

from diffsmith.nn.norms import group_norm
from diffsmith.nn.resnet import ResnetBlock
from diffsmith.nn.unet import Plan, UNet2D
from diffsmith.nn.unet_blocks import Nothing


def network(widths=(8, 16), layers=1, attention=Nothing, rows=None):
    norm = partial(group_norm, groups=4)
    resnet = partial(ResnetBlock, emb=4 * widths[0], norm=norm)
    plan = Plan(widths, layers, resnet, [attention] * len(widths), middle=attention, norm=norm)
    return UNet2D(2, 3, plan, rows)


@pytest.mark.parametrize(("widths", "layers"), product([(8,), (8, 16), (16, 8, 24)], [1, 3]))
def test_every_skip_is_used(widths, layers):
    unet, taken = network(widths, layers), []
    for block in unet.up_blocks:
        block.register_forward_hook(lambda block, inputs, out: taken.append(len(inputs[1])))
    assert unet(torch.randn(2, 2, 8, 12), torch.tensor(0.5)).shape == (2, 3, 8, 12)
    assert taken[-1] == 0


def test_what_attention_reads_comes_to_every_attention():
    class Reader(nn.Module):
        def __init__(self, channels):
            super().__init__()

        def forward(self, x, text, picture):
            read.append((text, picture))
            return x

    read = []
    unet = network(layers=2, attention=Reader)
    unet(torch.randn(1, 2, 8, 8), torch.tensor(1.0), None, torch.tensor(7), torch.tensor(9))
    assert read == [(7, 9)] * (2 * 2 + 1 + 2 * 3)


def test_time_and_class_make_one_vector():
    unet, x = network(rows=4), torch.randn(2, 2, 8, 8)
    one = unet.embed(x, torch.tensor(3.0), torch.tensor([1, 2]))
    assert one.shape == (2, 32)
    assert torch.equal(one[:1], unet.embed(x, torch.tensor([3.0, 5.0]), torch.tensor([1, 1]))[:1])
    assert not torch.allclose(one[0], one[1])


def test_a_network_begins_by_predicting_zero():
    assert not network()(torch.randn(1, 2, 8, 8), torch.tensor(1.0)).any()
