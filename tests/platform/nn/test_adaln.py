"""Blocks that a condition rules: silent at first, blind to order, and deaf to masked words."""

import pytest
import torch
from torch import nn

from diffsmith.nn.adaln import AdaLNSingleBlock, AdaLNZero, AdaLNZeroBlock, Modulation, gated, modulations
from diffsmith.nn.attending import seen


@pytest.fixture
def block():
    return AdaLNZeroBlock(2, 8, nn.Identity(), dropout=0.2).eval()


def test_a_gated_branch_is_its_formula():
    by = Modulation(torch.tensor(5.0), torch.tensor(0.5), torch.tensor(-1.0))
    assert gated(torch.tensor(2.0), by, nn.Identity(), lambda x: 10 * x) == 2 - 10 * (2 * 1.5 + 5)


def test_parts_are_shift_scale_and_gate_of_each_branch_in_turn():
    parts = torch.arange(9.0).view(1, 9, 1).expand(2, -1, 4)
    found = [[part.unique().item() for part in branch] for branch in modulations(parts)]
    assert found == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


@pytest.mark.parametrize("branches", [1, 2, 3])
def test_a_modulation_is_zero_until_it_learns(branches):
    norm, emb = AdaLNZero(8, nn.Identity(), branches), torch.randn(3, 8)
    assert [part.shape for by in norm(emb) for part in by] == [(3, 1, 8)] * 3 * branches
    assert not any(part.any() for by in norm(emb) for part in by)
    nn.init.eye_(norm.linear.weight[:8].data)
    assert norm(emb)[0].shift.any()


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


def test_a_block_with_a_text_adds_its_own_table_to_what_all_share():
    block, x = AdaLNSingleBlock(2, 8).eval(), torch.randn(2, 5, 16)
    shared, text = torch.randn(2, 6, 16), torch.randn(2, 3, 16)
    out, moved = block(x, shared, text), torch.randn(6, 16)
    block.scale_shift_table.data += moved
    torch.testing.assert_close(block(x, shared - moved, text), out)
    assert not torch.allclose(block(x, shared, text), out)


def test_masked_words_are_not_heard():
    block, x, shared = AdaLNSingleBlock(2, 8).eval(), torch.randn(2, 5, 16), torch.randn(2, 6, 16)
    text, mask = torch.randn(2, 3, 16), seen(torch.tensor([[1, 1, 0], [1, 0, 0]]))
    out = block(x, shared, text, mask)
    torch.testing.assert_close(block(x[1:], shared[1:], text[1:, :1]), out[1:])
    text[0, 2] = text[1, 1:] = 9.0
    assert torch.equal(block(x, shared, text, mask), out)
    text[0, 1] = 9.0
    assert not torch.allclose(block(x, shared, text, mask), out)
