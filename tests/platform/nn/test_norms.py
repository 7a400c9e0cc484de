"""Norms: groups that divide, and a modulation that starts silent."""

import pytest
import torch
from torch import nn

from diffsmith.nn.norms import AdaLNZero, group_norm, modulate


@pytest.mark.parametrize(
    ("channels", "groups", "given"), [(64, 32, 32), (24, 32, 8), (48, 12, 12), (7, 32, 1)]
)
def test_groups_divide_the_channels(channels, groups, given):
    assert group_norm(channels, groups).num_groups == given


def test_modulate_scales_then_shifts():
    x, shift, scale = torch.tensor([2.0]), torch.tensor([5.0]), torch.tensor([0.5])
    assert modulate(x, shift, scale) == 8.0


def test_a_modulation_is_six_zeros_until_it_learns():
    norm, emb = AdaLNZero(8, nn.Identity()), torch.randn(3, 8)
    assert [part.shape for part in norm(emb)] == [(3, 1, 8)] * 6
    assert not any(part.any() for part in norm(emb))
    nn.init.eye_(norm.linear.weight[:8].data)
    assert norm(emb)[0].any()
