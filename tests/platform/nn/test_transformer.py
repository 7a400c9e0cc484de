"""Transformer blocks: branches in turn, and what each of them reads."""

import torch

from diffsmith.nn.transformer import GEGLU, CrossAttentionBlock, FeedForward, GELUTanh


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
