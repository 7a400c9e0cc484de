"""The transformer along the frames: silent at first, each pixel alone, whatever the order of memory."""

import pytest
import torch
from torch import nn

from diffsmith.nn.video.clip_transformer import ClipTransformer, frame_block
from diffsmith.nn.video.relative_attention import RelativeAttention


def heard(reach=0, **options):
    width = options.get("width", 8)
    layer = ClipTransformer(8, [frame_block(width, 2, reach) for _ in range(2)], groups=4, **options)
    nn.init.normal_(layer.proj_out.weight, std=0.1)
    return layer.eval()


def test_it_begins_as_the_identity():
    x = torch.randn(6, 8, 3, 5)
    assert torch.equal(ClipTransformer(8, [frame_block(8, 2)])(x, 3), x)


@pytest.mark.parametrize("width", [8, 12])
@torch.no_grad()
def test_it_is_blocks_over_the_frames_of_each_pixel(width):
    layer, x = heard(width=width), torch.randn(2, 8, 5, 3, 4)
    tokens = layer.proj_in(layer.norm(x).permute(0, 3, 4, 2, 1).flatten(0, 2))
    for block in layer.transformer_blocks:
        tokens = tokens + block.attn1(block.norm1(tokens))
        tokens = tokens + block.attn2(block.norm2(tokens))
        tokens = tokens + block.ff(block.norm3(tokens))
    added = layer.proj_out(tokens).reshape(2, 3, 4, 5, 8).permute(0, 4, 3, 1, 2)
    maps = layer(x.movedim(2, 1).flatten(0, 1), "what else is told", None, 5)
    torch.testing.assert_close(maps.unflatten(0, (2, 5)).movedim(1, 2), x + added)


@torch.no_grad()
def test_frames_do_not_know_their_places_but_where_they_know_how_far_they_are_apart():
    x = torch.randn(5, 8, 3, 4)
    blind, seeing = heard(), heard(reach=2)
    torch.testing.assert_close(blind(x.flip(0), 5), blind(x, 5).flip(0))
    assert not torch.allclose(seeing(x.flip(0), 5), seeing(x, 5).flip(0), atol=1e-4)


def test_with_distances_both_looks_know_them():
    block = frame_block(8, 2, 3)
    assert isinstance(block.attn1, RelativeAttention) and isinstance(block.attn2, RelativeAttention)


@torch.no_grad()
def test_a_map_in_channels_last_order_comes_back_in_it():
    layer, x = heard(), torch.randn(6, 8, 4, 5)
    out = layer(x.contiguous(memory_format=torch.channels_last), 3)
    assert out.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(out.contiguous(), layer(x, 3))


@pytest.mark.parametrize("frames", [1, 2, 19])
def test_any_number_of_frames_goes_through(frames):
    assert heard(reach=3)(torch.randn(2 * frames, 8, 2, 3), frames).shape == (2 * frames, 8, 2, 3)
