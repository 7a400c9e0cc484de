"""Transformers along the frames: every place alone, what they read of a text, the order of the frames."""

import pytest
import torch
from torch import nn

from diffsmith.nn.attention import Attention
from diffsmith.nn.video import temporal_transformer
from diffsmith.nn.video.temporal_transformer import (
    FrameNumbers,
    SpatioTemporalTransformer,
    TemporalBlock,
    across,
    read,
)


def transformer(text=6, depth=2):
    layer = SpatioTemporalTransformer(16, 2, depth, text)
    nn.init.normal_(layer.proj_out.weight, std=0.1)
    return layer


def test_it_begins_as_the_identity():
    x, text = torch.randn(6, 16, 3, 5), torch.randn(2, 4, 6)
    assert torch.equal(SpatioTemporalTransformer(16, 2, 1, 6)(x, text, None, 3), x)


@pytest.mark.parametrize("at_once", [65_535, 5, 1])
def test_looking_across_is_attention_over_the_frames_of_each_place(at_once, monkeypatch):
    monkeypatch.setattr(temporal_transformer, "HEADS", at_once)
    attention, x = Attention(16, 2, 8), torch.randn(6, 5, 16)
    places = x.view(2, 3, 5, 16).transpose(1, 2).flatten(0, 1)  # [B * N, F, C]
    expected = attention(places).view(2, 5, 3, 16).transpose(1, 2).reshape(6, 5, 16)
    torch.testing.assert_close(across(attention, x, 3), expected)


@pytest.mark.parametrize("states", [1, 4])
def test_what_is_read_of_a_text_is_the_same_with_and_without_gradients(states):
    norm, attention = nn.LayerNorm(16), Attention(16, 2, 8, context_width=6)
    x, text = torch.randn(6, 5, 16), torch.randn(2, states, 6)
    recorded = read(x, norm, attention, text, None)
    with torch.no_grad():
        torch.testing.assert_close(read(x, norm, attention, text, None), recorded)
    torch.testing.assert_close(recorded[3:], read(x[3:], norm, attention, text[1:], None))


def test_only_one_state_is_read_without_asking(monkeypatch):
    asked = []
    norm, attention = nn.LayerNorm(16), Attention(16, 2, 8, context_width=6)
    attention.to_q.register_forward_hook(lambda *_: asked.append(True))
    with torch.no_grad():
        read(torch.randn(6, 5, 16), norm, attention, torch.randn(2, 1, 6), None)
        assert not asked
        read(torch.randn(6, 5, 16), norm, attention, torch.randn(2, 2, 6), None)
    assert len(asked) == 1


def test_without_a_text_nothing_is_read():
    x = torch.randn(6, 5, 16)
    assert read(x, None, None, torch.randn(2, 1, 6), None) is x
    assert TemporalBlock(16, 2).attn2 is None
    assert transformer(text=0)(torch.randn(6, 16, 2, 2), None, None, 3).shape == (6, 16, 2, 2)


@torch.no_grad()
def test_clips_do_not_hear_of_one_another_and_frames_do():
    layer, x, text = transformer(), torch.randn(6, 16, 3, 3), torch.randn(2, 1, 6)
    out = layer(x, text, None, 3)
    other = x.clone()
    other[5] = torch.randn(16, 3, 3)
    changed = layer(other, text, None, 3)
    assert torch.equal(out[:3], changed[:3])
    assert (out[3] - changed[3]).abs().max() > 1e-5
    torch.testing.assert_close(layer(x[3:], text[1:], None, 3), out[3:], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_the_order_of_the_frames_counts_because_they_are_numbered():
    layer, x, text = transformer(), torch.randn(3, 16, 3, 3), torch.randn(1, 1, 6)
    assert not torch.allclose(layer(x.flip(0), text, None, 3), layer(x, text, None, 3).flip(0), atol=1e-5)
    nn.init.zeros_(layer.time_pos_embed.linear_2.weight)
    turned = layer(x.flip(0), text, None, 3)
    torch.testing.assert_close(turned, layer(x, text, None, 3).flip(0), rtol=1e-4, atol=1e-5)


def test_frames_are_numbered_in_the_format_of_the_tokens():
    numbers = FrameNumbers(16).bfloat16()
    assert numbers(5, torch.zeros(1, dtype=torch.bfloat16)).dtype == torch.bfloat16
    assert numbers(5, torch.zeros(1, dtype=torch.bfloat16)).shape == (5, 16)


@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
@torch.no_grad()
def test_a_map_comes_back_in_its_own_order_of_memory(order):
    layer, x, text = transformer(), torch.randn(6, 16, 4, 5), torch.randn(2, 4, 6)
    out = layer(x.contiguous(memory_format=order), text, None, 3)
    assert out.is_contiguous(memory_format=order)
    torch.testing.assert_close(out.contiguous(), layer(x, text, None, 3), rtol=1e-4, atol=1e-5)


def test_every_weight_has_a_gradient_even_those_that_ask_one_state_alone():
    layer = transformer(depth=1)
    layer(torch.randn(6, 16, 3, 3), torch.randn(2, 1, 6), None, 3).square().mean().backward()
    gradients = {name: weight.grad for name, weight in layer.named_parameters()}
    assert all(gradient is not None for gradient in gradients.values())
    asking = ("norm2.weight", "norm2.bias", "attn2.to_q.weight", "attn2.to_k.weight")
    idle = {name for name, gradient in gradients.items() if gradient.abs().max() < 1e-7}
    assert idle == {name for name in gradients if name.endswith(asking)}
