"""The U-Net of pixel models: how time and class come in."""

from functools import partial

import torch

from diffsmith.nn.norms import group_norm
from diffsmith.nn.pixel_unet import PixelUNet2D
from diffsmith.nn.resnet import ResnetBlock
from diffsmith.nn.unet import Plan
from diffsmith.nn.unet_blocks import Nothing


def network(waves=8, classes=None):
    norm = partial(group_norm, groups=4)
    plan = Plan((8, 16), 1, partial(ResnetBlock, emb=4 * waves, norm=norm), [Nothing] * 2, norm=norm)
    return PixelUNet2D(2, 3, plan, waves, classes)


X = torch.randn(2, 2, 8, 8)


def test_time_may_be_told_by_more_waves_than_the_first_level_has_channels():
    made = network(waves=24)
    assert made.time_embedding.linear_1.weight.shape == (96, 24)
    assert made(X, torch.tensor(5)).shape == (2, 3, 8, 8)


def test_no_class_is_a_vector_of_zeros():
    made, t = network(classes=3), torch.tensor(3.0)
    nothing = made.embed(X, t, None)
    assert torch.equal(nothing, made.embed(X, t, torch.tensor([3, 3])))
    known = made.embed(X, t, torch.tensor([1, 2])) - nothing
    torch.testing.assert_close(known, made.class_embedding.weight[1:])
