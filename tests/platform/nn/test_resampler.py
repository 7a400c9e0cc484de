"""A picture's states as a few tokens: diffusers' numbers, and any number of states."""

import pytest
import torch
from diffusers.models.embeddings import IPAdapterPlusImageProjection

from diffsmith.nn.resampler import Resampler


@torch.no_grad()
def test_diffusers_gives_the_same():
    theirs = IPAdapterPlusImageProjection(10, 12, 16, depth=2, dim_head=8, heads=3, num_queries=5).eval()
    mine = Resampler(10, 16, 5, 12, depth=2, heads=3, head_dim=8).eval()
    mine.load_state_dict(theirs.state_dict())
    states = torch.randn(2, 7, 10)
    torch.testing.assert_close(mine(states), theirs(states), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("states", [1, 257])
def test_any_number_of_states_becomes_so_many_tokens(states):
    assert Resampler(10, 12, 4, 6, depth=1, heads=2, head_dim=4)(torch.randn(3, states, 10)).shape == (
        3,
        4,
        6,
    )


@torch.no_grad()
def test_the_order_of_the_states_does_not_matter():
    layer, states = Resampler(10, 12, 4, 6, depth=2, heads=2, head_dim=4), torch.randn(1, 6, 10)
    torch.testing.assert_close(layer(states.flip(1)), layer(states), rtol=1e-4, atol=1e-5)
