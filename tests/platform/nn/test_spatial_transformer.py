"""The spatial transformer: silent at first, then blocks over pixels that hear what they are told."""

import pytest
import torch
from torch import nn

from diffsmith.nn.spatial_transformer import SpatialTransformer
from diffsmith.nn.transformer import CrossAttentionBlock


def transformer(*, linear):
    layer = SpatialTransformer(
        16, [CrossAttentionBlock(16, 2, text=6) for _ in range(2)], groups=4, linear=linear
    )
    nn.init.normal_(layer.proj_out.weight, std=0.1)
    return layer


@pytest.mark.parametrize("linear", [False, True])
def test_it_begins_as_the_identity(linear):
    layer, x = SpatialTransformer(16, [CrossAttentionBlock(16, 2)], linear=linear), torch.randn(2, 16, 3, 5)
    assert torch.equal(layer(x), x)


def test_both_projections_are_the_same_but_for_the_shapes_of_their_weights():
    flat, maps = transformer(linear=True), transformer(linear=False)
    state = flat.state_dict()
    for name in ("proj_in.weight", "proj_out.weight"):
        state[name] = state[name][:, :, None, None]
    maps.load_state_dict(state)
    x, text = torch.randn(2, 16, 3, 5), torch.randn(2, 4, 6)
    torch.testing.assert_close(flat(x, text), maps(x, text))


@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
@torch.no_grad()
def test_a_map_comes_back_in_its_own_order_of_memory(linear, order):
    layer = transformer(linear=linear).to(memory_format=order)
    x, text = torch.randn(2, 16, 4, 5).contiguous(memory_format=order), torch.randn(2, 4, 6)
    out = layer(x, text)
    assert out.is_contiguous(memory_format=order)
    torch.testing.assert_close(out, layer(x.contiguous(), text).contiguous(), rtol=1e-4, atol=1e-5)


def test_every_block_is_handed_the_very_text():
    class Reader(nn.Module):
        def forward(self, tokens, *told):
            heard.append(told)
            return tokens

    heard, text = [], torch.randn(1, 2, 3)
    SpatialTransformer(8, [Reader(), Reader()])(torch.randn(1, 8, 2, 2), text, None)
    assert [(told[0] is text, told[1]) for told in heard] == [(True, None)] * 2


def test_pixels_move_together_with_their_places():
    layer, x, text = transformer(linear=True), torch.randn(1, 16, 3, 4), torch.randn(1, 4, 6)
    torch.testing.assert_close(layer(x.flip(2, 3), text), layer(x, text).flip(2, 3))
