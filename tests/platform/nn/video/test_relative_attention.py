"""Attention that knows distances: the paper's sums, term by term."""

import math

import torch

from diffsmith.nn.attention import Attention
from diffsmith.nn.video.relative_attention import RelativeAttention


@torch.no_grad()
def test_it_is_its_formula():
    """Equations 3 to 5 of Shaw et al. 2018, one pair of places at a time."""
    layer, x = RelativeAttention(6, 2, reach=2).double(), torch.randn(1, 5, 6, dtype=torch.float64)
    query, key, value = (to(x)[0].reshape(5, 2, 3) for to in (layer.to_q, layer.to_k, layer.to_v))
    far_key, far_value = (
        each.embeddings_table for each in (layer.relative_position_k, layer.relative_position_v)
    )
    seen = torch.zeros(5, 2, 3, dtype=torch.float64)
    for head in range(2):
        for i in range(5):
            row = [max(-2, min(2, j - i)) + 2 for j in range(5)]
            scores = [query[i, head] @ (key[j, head] + far_key[row[j]]) / math.sqrt(3) for j in range(5)]
            weights = torch.stack(scores).softmax(0)
            seen[i, head] = sum(weights[j] * (value[j, head] + far_value[row[j]]) for j in range(5))
    torch.testing.assert_close(layer(x)[0], layer.to_out(seen.flatten(1)))


@torch.no_grad()
def test_where_all_distances_are_one_it_is_plain_attention():
    layer, plain = RelativeAttention(8, 2, reach=3), Attention(8, 2, 4)
    state = {name: each for name, each in layer.state_dict().items() if "relative" not in name}
    plain.load_state_dict(state)
    layer.relative_position_k.embeddings_table[:] = torch.randn(4)
    layer.relative_position_v.embeddings_table.zero_()
    x = torch.randn(2, 6, 8)
    torch.testing.assert_close(layer(x), plain(x))
