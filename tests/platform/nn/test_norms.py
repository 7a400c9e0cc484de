"""Norms: groups that divide, and their modulation."""

import pytest
import torch

from diffsmith.nn.norms import group_norm, modulate


@pytest.mark.parametrize(
    ("channels", "groups", "given"), [(64, 32, 32), (24, 32, 8), (48, 12, 12), (7, 32, 1)]
)
def test_groups_divide_the_channels(channels, groups, given):
    assert group_norm(channels, groups).num_groups == given


def test_modulate_scales_then_shifts():
    x, shift, scale = torch.tensor([2.0]), torch.tensor([5.0]), torch.tensor([0.5])
    assert modulate(x, shift, scale) == 8.0
