"""Transformer blocks: silent at first, blind to order, ruled by their condition."""

import pytest
import torch
from torch import nn

from diffsmith.nn.transformer import AdaLNZeroBlock, FeedForward, GELUTanh


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
