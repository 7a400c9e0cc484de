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


@pytest.mark.parametrize("size", [(7, 8), (8, 5), (9, 11), (1, 3)])
def test_a_map_of_any_size_comes_back_in_its_size(size):
    unet = network((8, 16, 16))
    assert unet(torch.randn(1, 2, *size), torch.tensor(1.0)).shape == (1, 3, *size)


def test_each_layer_may_have_its_own_attention_and_another_on_the_way_up():
    class Named(nn.Module):
        def __init__(self, name):
            super().__init__()
            self.name = name

        def forward(self, x):
            ran.append(self.name)
            return x

    def named(name):
        return lambda channels: Named(name)

    ran = []
    plan = Plan(
        widths=(8, 8),
        layers=2,
        resnet=partial(ResnetBlock, emb=32, norm=partial(group_norm, groups=4)),
        attention=[named("a"), [named("b"), named("c")]],
        ascending=[[named("d"), named("e"), named("f")], named("g")],
        middle=named("m"),
    )
    UNet2D(2, 2, plan)(torch.randn(1, 2, 4, 4), torch.tensor(1.0))
    assert "".join(ran) == "aabcmgggdef"


@pytest.mark.parametrize(("bottom", "resnets", "attentions"), [(0, 0, 0), (1, 1, 0), (2, 2, 1), (3, 3, 2)])
def test_a_middle_has_attention_between_its_residual_blocks(bottom, resnets, attentions):
    resnet = partial(ResnetBlock, emb=32, norm=partial(group_norm, groups=4))
    unet = UNet2D(2, 2, Plan((8,), 1, resnet, [Nothing], bottom=bottom))
    kept = {kind: len(layers) for kind, layers in unet.mid_block.named_children()}
    assert (kept.get("resnets", 0), kept.get("attentions", 0)) == (resnets, attentions)
    assert unet(torch.randn(1, 2, 4, 4), torch.tensor(1.0)).shape == (1, 2, 4, 4)
