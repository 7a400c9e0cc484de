import time

import pytest
import torch
from torch import nn

from diffsmith.engine import Allocations, packed, profile

from .networks import inputs, unet

pytestmark = pytest.mark.usefixtures("no_grad")
MIB = 2**18


class Parts(nn.Module):
    def __init__(self):
        super().__init__()
        self.big, self.rows, self.unused = Taking(4), nn.ModuleList([Taking(1), Taking(2)]), Taking(1)
        self.head = nn.Linear(512, 512, bias=False)

    def forward(self, x):
        for part in (self.big, *self.rows, self.rows[0]):
            x = part(x)
        return self.head(x)


class Taking(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x):
        time.sleep(0.01 * self.size)
        return x + torch.ones(self.size * MIB).sum()


def test_every_part_has_its_calls_time_memory_and_weights():
    network = Parts()
    rows = profile(network, lambda: network(torch.zeros(1, 512)))
    assert [row.name for row in rows] == ["big", "rows.0", "rows.1", "unused", "head", "(all)"]
    assert [row.calls for row in rows] == [1, 2, 1, 0, 1, 1]
    assert [round(row.memory) for row in rows] == [4, 1, 2, 0, 0, 4]
    assert [row.weights for row in rows] == [0, 0, 0, 0, 1, 1]
    big, first, second, unused, _, everything = (row.seconds for row in rows)
    assert big >= 0.04
    assert first >= 0.02
    assert second >= 0.02
    assert unused == 0
    assert everything >= big + first + second


def test_a_u_nets_parts_are_its_levels_and_packed_weights_count():
    (x, t), told = inputs()
    network = unet()
    weights = profile(network, lambda: network(x, t, **told))[-1].weights
    rows = profile(packed(network), lambda: network(x, t, **told))
    assert {"conv_in", "down_blocks.2", "mid_block", "up_blocks.0", "(all)"} <= {row.name for row in rows}
    assert rows[-1].weights == pytest.approx(weights)
    assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in network.modules())


def test_allocations_follow_every_tensor_until_it_dies():
    with Allocations() as counted:
        first = torch.ones(MIB)
        view = (first + 1).view(512, -1)
        assert counted.live == 2 * 4 * MIB
        first.add_(1)
        del first
        assert counted.live == 4 * MIB
        del view
    assert (counted.live, counted.peak) == (0, 2 * 4 * MIB)
