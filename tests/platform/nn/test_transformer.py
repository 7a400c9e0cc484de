"""Transformer blocks: silent at first, blind to order, ruled by their condition."""

import pytest
import torch
from torch import nn

from diffsmith.nn.transformer import GEGLU, AdaLNZeroBlock, CrossAttentionBlock, FeedForward, GELUTanh


@pytest.fixture
def block():
    return AdaLNZeroBlock(2, 8, nn.Identity(), dropout=0.2).eval()


def test_a_block_begins_as_the_identity(block):
    x, emb = torch.randn(2, 5, 16), torch.randn(2, 16)
    assert torch.equal(block(x, emb), x)


def test_a_block_that_has_learned_reads_its_condition_and_not_the_order(block):
    nn.init.normal_(block.norm1.linear.weight)
    x, emb, order = torch.randn(2, 5, 16), torch.randn(2, 16), torch.randperm(5)
    torch.testing.assert_close(block(x[:, order], emb), block(x, emb)[:, order])
    assert not torch.allclose(block(x, emb), block(x, -emb))


def test_the_condition_is_what_emb_makes_of_it():
    first = AdaLNZeroBlock(2, 8, nn.Bilinear(3, 4, 16))
    nn.init.normal_(first.norm1.linear.weight)
    assert first(torch.randn(2, 5, 16), torch.randn(2, 3), torch.randn(2, 4)).shape == (2, 5, 16)


def test_a_feed_forward_treats_each_token_alone():
    layer, x = FeedForward(GELUTanh(16, 32), 32, 16), torch.randn(2, 5, 16)
    torch.testing.assert_close(layer(x[:, 1:2]), layer(x)[:, 1:2])


def test_a_gated_gelu_is_its_formula():
    layer, x = GEGLU(4, 6), torch.randn(2, 3, 4)
    value, gate = layer.proj(x)[..., :6], layer.proj(x)[..., 6:]
    torch.testing.assert_close(layer(x), value * gate * (1 + torch.erf(gate / 2**0.5)) / 2)


@torch.no_grad()
def test_a_cross_attention_block_adds_three_branches_in_turn():
    block, x, text = CrossAttentionBlock(16, 2, text=6).eval(), torch.randn(2, 5, 16), torch.randn(2, 3, 6)
    h = x + block.attn1(block.norm1(x))
    h = h + block.attn2(block.norm2(h), text)
    torch.testing.assert_close(block(x, text), h + block.ff(block.norm3(h)))
    assert (block.attn1.heads, block.attn2.heads) == (2, 2)


@torch.no_grad()
def test_what_the_mask_takes_from_a_text_is_not_read():
    block, x, text = CrossAttentionBlock(16, 2, text=6), torch.randn(2, 5, 16), torch.randn(2, 3, 6)
    mask = torch.tensor([0.0, 0.0, -10_000.0]).expand(2, 1, 1, 3)
    torch.testing.assert_close(block(x, text, mask), block(x, text[:, :2]))


def test_a_block_without_text_has_nothing_that_reads_one():
    block = CrossAttentionBlock(16, 2)
    assert not [name for name, _ in block.named_parameters() if "attn2" in name or "norm2" in name]
    assert block(torch.randn(2, 5, 16)).shape == (2, 5, 16)
