"""Blocks: rows of layers in the order they are given, each kind kept under its name."""

import pytest
import torch
from torch import nn

from diffsmith.nn.unet_blocks import DownBlock, MidBlock, UpBlock


class Scaled(nn.Module):
    """Multiplies, and adds what it was called with: so the order shows, and who was told what."""

    def __init__(self, factor):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(float(factor)))

    def forward(self, x, *told):
        return x * self.factor + sum(each for each in told if isinstance(each, float))


class Recorder(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = []

    def forward(self, x, *told):
        self.calls.append(told)
        return x


def test_a_row_runs_in_its_order_and_only_resnets_hear_of_time():
    block = MidBlock([{"resnets": Scaled(2)}, {"temp_convs": Scaled(3), "attentions": Scaled(5)}])
    out = block(torch.tensor(1.0), 10.0, 100.0)
    assert out == ((1 * 2 + 10) * 3 + 100) * 5 + 100
    turned = MidBlock([{"resnets": Scaled(2)}, {"attentions": Scaled(5), "temp_convs": Scaled(3)}])
    assert turned(torch.tensor(1.0), 10.0, 100.0) == ((1 * 2 + 10) * 5 + 100) * 3 + 100


def test_layers_are_kept_by_their_kinds():
    rows = [
        {"resnets": Scaled(1), "attentions": Scaled(2)},
        {"resnets": Scaled(3), "temp_attentions": Scaled(4)},
    ]
    names = {name: value.item() for name, value in MidBlock(rows).state_dict().items()}
    kept = {"resnets.0": 1, "resnets.1": 3, "attentions.0": 2, "temp_attentions.0": 4}
    assert names == {f"{name}.factor": value for name, value in kept.items()}


def test_a_layer_put_in_place_of_another_is_the_one_that_runs():
    block = MidBlock([{"resnets": Scaled(2)}])
    block.resnets[0] = Scaled(7)
    assert block(torch.tensor(1.0), 0.0) == 7


def test_no_rows_leave_x_as_it_is():
    assert MidBlock([])(torch.tensor(3.0), 1.0) == 3


def test_every_row_and_the_halving_leave_a_skip():
    block = DownBlock([{"resnets": Scaled(2)}, {"resnets": Scaled(3)}], [Scaled(10)])
    assert [skip.item() for skip in block(torch.tensor(1.0), 0.0)] == [2, 6, 60]


@pytest.mark.parametrize(("skip", "told"), [((4, 6), []), ((3, 6), [(3, 6)]), ((4, 5), [(4, 5)])])
def test_a_doubling_is_told_a_size_only_where_it_is_odd(skip, told):
    up, emb, x = Recorder(), torch.tensor(0.0), torch.zeros(1, 1, 2, 3)
    skips = [torch.zeros(1, 1, *skip), torch.zeros(1, 2, 2, 3)]
    out = UpBlock([{"resnets": Scaled(1)}], [up])(x, skips, emb)
    assert out.shape == (1, 3, 2, 3)
    assert len(skips) == 1
    assert [(called[0] is emb, *map(tuple, called[1:])) for called in up.calls] == [(True, *told)]
