"""The residual block: silent at first, told the time, resampled where asked."""

import pytest
import torch
from torch import nn

from diffsmith.nn.resample import double, halve, keep
from diffsmith.nn.resnet import ADD, SCALE_SHIFT, ResnetBlock

JOINS = {"add": ADD, "scale_shift": SCALE_SHIFT}


@pytest.fixture
def x():
    return torch.randn(2, 8, 4, 4)


@pytest.fixture
def emb():
    return torch.randn(2, 16)


@pytest.mark.parametrize("join", JOINS)
@pytest.mark.parametrize("resample", [keep, halve, double])
def test_a_block_begins_as_its_shortcut(x, emb, join, resample):
    block = ResnetBlock(8, 8, 16, join=JOINS[join], resample=resample)
    assert torch.equal(block(x, emb), resample(x))


@pytest.mark.parametrize("join", JOINS)
def test_a_block_that_has_learned_tells_times_apart(x, emb, join):
    block = ResnetBlock(8, 24, 16, join=JOINS[join])
    nn.init.normal_(block.conv2.weight)
    assert block(x, emb).shape == (2, 24, 4, 4)
    assert not torch.allclose(block(x, emb), block(x, -emb))


def test_time_joins_as_the_papers_say(x):
    norm, time = nn.GroupNorm(2, 8), torch.randn(2, 16, 1, 1)
    torch.testing.assert_close(ADD.normed(norm, x, time[:, :8]), norm(x + time[:, :8]))
    expected = norm(x) * (1 + time[:, :8]) + time[:, 8:]
    torch.testing.assert_close(SCALE_SHIFT.normed(norm, x, time), expected)


def test_a_block_doubles_to_an_odd_size(x, emb):
    block = ResnetBlock(8, 24, 16, resample=double)
    assert block(x, emb, (7, 8)).shape == (2, 24, 7, 8)
    torch.testing.assert_close(block(x, emb, (8, 8)), block(x, emb))


def test_dropout_is_for_training_only(x, emb):
    block = ResnetBlock(8, 8, 16, dropout=0.5)
    nn.init.normal_(block.conv2.weight)
    assert not torch.equal(block(x, emb), block(x, emb))
    assert torch.equal(block.eval()(x, emb), block(x, emb))
