"""Attention: the formula, and the properties that follow from it."""

import math

import pytest
import torch
from torch import nn

from diffsmith.nn.attention import Attention, FusedAttention, PixelAttention, attend
from diffsmith.nn.norms import group_norm


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_attend_is_its_formula(heads):
    query, key, value = torch.randn(3, 2, 5, 8, dtype=torch.float64)
    dim = 8 // heads
    expected = [
        (q @ k.mT / math.sqrt(dim)).softmax(-1) @ v
        for q, k, v in zip(query.split(dim, 2), key.split(dim, 2), value.split(dim, 2), strict=True)
    ]
    torch.testing.assert_close(attend(query, key, value, heads), torch.cat(expected, dim=2))


def test_tokens_may_come_in_any_order():
    layer, x, order = Attention(16, 2, 8), torch.randn(2, 6, 16), torch.randperm(6)
    torch.testing.assert_close(layer(x[:, order]), layer(x)[:, order])


def test_a_context_may_have_its_own_length_and_width():
    layer = Attention(16, 2, 4, context_width=12)
    x, context = torch.randn(2, 6, 16), torch.randn(2, 3, 12)
    assert layer(x, context).shape == x.shape
    torch.testing.assert_close(layer(x, context.flip(1)), layer(x, context))
    assert not torch.allclose(layer(x, context + 1), layer(x, context))


def test_without_a_context_tokens_look_at_one_another():
    layer, x = Attention(16, 2, 8), torch.randn(2, 6, 16)
    assert torch.equal(layer(x), layer(x, x))


def test_pixel_attention_begins_as_the_identity_and_then_mixes_pixels():
    layer, x = PixelAttention(8, 2, group_norm), torch.randn(2, 8, 4, 6)
    assert torch.equal(layer(x), x)
    nn.init.normal_(layer.to_out[0].weight)
    moved = layer(x.flip(3)).flip(3)
    torch.testing.assert_close(moved, layer(x))
    assert not torch.equal(moved, x)


def test_fused_attention_is_attention_with_one_projection():
    plain, fused, x = Attention(16, 4, 4), FusedAttention(16, 4), torch.randn(2, 6, 16)
    fused.qkv.weight.data = torch.cat([plain.to_q.weight, plain.to_k.weight, plain.to_v.weight])
    fused.proj.load_state_dict(plain.to_out[0].state_dict())
    torch.testing.assert_close(fused(x), plain(x))
