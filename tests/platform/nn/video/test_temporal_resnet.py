"""Residual blocks along the frames: silent at first, one clip at a time, in any order of memory."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from diffsmith.nn.norms import group_norm
from diffsmith.nn.video.temporal_resnet import (
    SpatioTemporalResnet,
    TemporalConv,
    TemporalResnet,
    pixels_of,
    pixels_to,
)

NORM = partial(group_norm, groups=4)


def resnet(in_channels=8, out_channels=16):
    layer = SpatioTemporalResnet(in_channels, out_channels, 6)
    for weight in layer.parameters():
        nn.init.normal_(weight, std=0.2)
    return layer


def told(clips, frames):
    return torch.randn(clips, 6)[:, None].expand(-1, frames, -1)


@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_pixels_are_seen_by_frames_without_a_copy(order):
    x = torch.randn(6, 8, 3, 5).contiguous(memory_format=order)
    pixels = pixels_of(x, 3)
    assert pixels.shape == (2, 8, 3, 15)
    assert torch.equal(pixels[1, :, 2].view(8, 3, 5), x[5])
    back = pixels_to(pixels, x)
    assert torch.equal(back, x)
    assert back.data_ptr() == pixels.data_ptr() == x.data_ptr()


@pytest.mark.parametrize("clips", [1, 2])
def test_layers_keep_the_order_of_one_clip_as_of_several(clips):
    """Where there is one, its stride says in which order it lies, and kernels ask it."""
    order = torch.channels_last
    x = torch.randn(3 * clips, 8, 3, 5).contiguous(memory_format=order)
    wanted = torch.empty(clips, 8, 3, 15).contiguous(memory_format=order)
    assert pixels_of(x, 3).stride() == NORM(8)(pixels_of(x, 3)).stride() == wanted.stride()


def test_a_convolution_along_the_frames_is_one_over_space_and_time():
    layer, x = TemporalConv(8, 4), torch.randn(2, 8, 5, 6)
    assert layer.weight.shape == (4, 8, 3, 1, 1)
    whole = F.conv3d(x[..., None], layer.weight, layer.bias, padding=(1, 0, 0))
    torch.testing.assert_close(layer(x), whole[..., 0])


@pytest.mark.parametrize("emb", [0, 6])
def test_the_temporal_part_adds_nothing_at_first(emb):
    layer = TemporalResnet(8, emb, NORM)
    assert not layer(torch.randn(2, 8, 3, 5), torch.randn(2, 3, 6)).any()
    assert (layer.time_emb_proj is None) == (emb == 0)


def test_every_frame_is_told_of_its_own_time():
    layer, x = TemporalResnet(8, 6, NORM), torch.randn(1, 8, 3, 5)
    nn.init.normal_(layer.conv2.weight)
    emb = torch.randn(1, 3, 6)
    changed = emb.clone()
    changed[0, 0] += 1
    assert not torch.allclose(layer(x, emb), layer(x, changed))


@torch.no_grad()
def test_clips_do_not_hear_of_one_another_and_frames_do():
    layer, x, emb = resnet(), torch.randn(6, 8, 4, 4), told(2, 3)
    other = x.clone()
    other[3:] += 1
    out, changed = layer(x, emb), layer(other, emb)
    assert torch.equal(out[:3], changed[:3])
    other = x.clone()
    other[0] += 1
    assert (layer(other, emb)[1] - out[1]).abs().max() > 1e-4


@torch.no_grad()
def test_a_clip_played_backwards_by_a_mirrored_kernel_is_the_clip_backwards():
    layer, x, emb = resnet(), torch.randn(5, 8, 4, 4), told(1, 5)
    out = layer(x, emb)
    for conv in (layer.temporal_res_block.conv1, layer.temporal_res_block.conv2):
        conv.weight.copy_(conv.weight.flip(2))
    torch.testing.assert_close(layer(x.flip(0), emb), out.flip(0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
@torch.no_grad()
def test_a_map_comes_back_in_its_own_order_of_memory(order):
    layer = resnet().to(memory_format=torch.contiguous_format)
    x, emb = torch.randn(6, 8, 4, 5), told(2, 3)
    out = layer(x.contiguous(memory_format=order), emb)
    assert out.is_contiguous(memory_format=order)
    torch.testing.assert_close(out.contiguous(), layer(x, emb), rtol=1e-4, atol=1e-5)


def test_every_weight_learns():
    layer = resnet()
    layer(torch.randn(6, 8, 4, 4), told(2, 3)).square().mean().backward()
    assert [name for name, weight in layer.named_parameters() if not weight.grad.any()] == []
