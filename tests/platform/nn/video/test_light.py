import pytest
import torch
from tests.published import stirred
from torch import nn

from diffsmith.nn.attention import PixelAttention
from diffsmith.nn.norms import group_norm
from diffsmith.nn.video.folding import clip_of, frames_of
from diffsmith.nn.video.light import FrameAttention, FrameConv, FramePixelAttention, frame_waves

CLIPS = (2, 8, 5, 3, 4)  # B, C, F, H, W


def clips(seed=0):
    return torch.randn(*CLIPS, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("layer", [FrameConv(8), FrameAttention(8, 2)])
def test_layers_are_silent_at_first(layer):
    x = frames_of(clips())
    assert torch.equal(layer(x, 5), x)


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_a_convolution_along_the_frames_is_one_of_three_dimensions(memory):
    layer, x = stirred(FrameConv(8)), clips()
    full = nn.Conv3d(8, 8, (3, 1, 1), padding=(1, 0, 0))
    full.load_state_dict({"weight": layer.conv.weight[..., None], "bias": layer.conv.bias})
    normed = clip_of(layer.norm(frames_of(x)), 5)
    wanted = x + full(nn.functional.silu(normed))
    made = layer(frames_of(x).contiguous(memory_format=memory), 5)
    torch.testing.assert_close(clip_of(made, 5), wanted)


def test_each_place_looks_along_its_own_frames():
    layer, x = stirred(FrameAttention(8, 2)), clips()
    base, other = layer(frames_of(x), 5), x.clone()
    other[1, :, 4, 2, 3] += torch.arange(8)  # a norm takes away what is even
    changed = (clip_of(layer(frames_of(other), 5) - base, 5).abs() > 1e-6).any(1)  # [B, F, H, W]
    assert changed[1, :, 2, 3].all()
    assert changed.sum() == 5


@pytest.mark.parametrize("layer", [FrameConv(8), FrameAttention(8, 2)])
def test_the_order_of_the_frames_matters(layer):
    layer, x, order = stirred(layer), clips(), [3, 1, 4, 0, 2]
    there = clip_of(layer(frames_of(x), 5), 5)[:, :, order]
    here = clip_of(layer(frames_of(x[:, :, order]), 5), 5)
    assert not torch.allclose(here, there, atol=1e-4)


def test_attention_within_frames_is_that_of_pictures():
    layer, x = stirred(FramePixelAttention(8, 2, group_norm)), frames_of(clips())
    assert torch.equal(layer(x, 5), PixelAttention.forward(layer, x))


def test_any_number_of_frames_has_places():
    few, many = frame_waves(torch.zeros(1, 3, 8)), frame_waves(torch.zeros(1, 99, 8))
    assert few.shape == (3, 8)
    assert torch.equal(many[:3], few)
    assert len(many.round(decimals=4).unique(dim=0)) == 99
