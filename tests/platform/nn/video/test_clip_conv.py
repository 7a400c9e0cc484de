"""The convolutions along the frames: silent at first, then the formula, whatever the order of memory."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from diffsmith.nn.video.clip_conv import ClipConv


def heard(channels=8, groups=4):
    layer = ClipConv(channels, groups=groups).eval()
    nn.init.normal_(layer.conv4[-1].weight, std=0.1)
    return layer


def test_it_begins_as_the_identity():
    x = torch.randn(6, 8, 3, 5)
    assert torch.equal(ClipConv(8)(x, 3), x)


@torch.no_grad()
def test_it_is_four_norms_activations_and_convolutions_of_the_clip():
    layer, x = heard(), torch.randn(2, 8, 5, 3, 4)
    h = x
    for part in (layer.conv1, layer.conv2, layer.conv3, layer.conv4):
        norm, conv = part[0], part[-1]
        normed = F.silu(F.group_norm(h, 4, norm.weight, norm.bias))
        h = F.conv3d(normed, conv.weight, conv.bias, padding=(1, 0, 0))
    maps = layer(x.movedim(2, 1).flatten(0, 1), "what else is told", None, 5)
    torch.testing.assert_close(maps.unflatten(0, (2, 5)).movedim(1, 2), x + h)


@torch.no_grad()
def test_a_clip_does_not_hear_of_another_nor_a_pixel_of_its_neighbours_but_in_the_norms():
    layer, x = heard(groups=8), torch.randn(8, 8, 3, 4)
    torch.testing.assert_close(layer(x[4:], 4), layer(x, 4)[4:])
    torch.testing.assert_close(layer(x.flip(3), 4), layer(x, 4).flip(3))


@torch.no_grad()
def test_a_map_in_channels_last_order_comes_back_in_it():
    layer, x = heard(), torch.randn(6, 8, 4, 5)
    out = layer(x.contiguous(memory_format=torch.channels_last), 3)
    assert out.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(out.contiguous(), layer(x, 3))


def test_something_is_dropped_at_random_in_training_alone():
    layer, x = heard(), torch.randn(4, 8, 3, 3)
    assert torch.equal(layer(x, 4), layer(x, 4))
    layer.train()
    assert not torch.equal(layer(x, 4), layer(x, 4))


@pytest.mark.parametrize("frames", [1, 2, 7])
def test_any_number_of_frames_goes_through(frames):
    assert heard()(torch.randn(2 * frames, 8, 2, 3), frames).shape == (2 * frames, 8, 2, 3)
