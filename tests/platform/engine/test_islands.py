from copy import deepcopy

import pytest
import torch
from torch import nn

from diffsmith.engine import in_float32

from .networks import inputs, unet

pytestmark = pytest.mark.usefixtures("no_grad")


def test_an_island_counts_in_float32_and_answers_in_the_format_that_came():
    network = unet().bfloat16()
    (x, t), told = inputs()
    seen = {}
    in_float32(network, ["mid_block", "conv_out"])
    for name in ("mid_block.resnets.0", "conv_out", "conv_in"):
        network.get_submodule(name).register_forward_hook(
            lambda layer, given, out, name=name: seen.update({name: (given[0].dtype, out.dtype)})
        )
    out = network(x.bfloat16(), t, text=told["text"].bfloat16())
    assert out.dtype == torch.bfloat16
    assert seen["mid_block.resnets.0"] == (torch.float32, torch.float32)
    assert seen["conv_out"][1] == torch.bfloat16
    assert seen["conv_in"] == (torch.bfloat16, torch.bfloat16)
    assert {weight.dtype for weight in network.mid_block.parameters()} == {torch.float32}


def test_an_island_saves_what_would_overflow():
    layers = nn.Sequential(
        nn.Linear(2, 2, bias=False), nn.Sequential(nn.Linear(2, 2, bias=False), nn.Tanh())
    ).half()
    nn.init.constant_(layers[1][0].weight, 3e4)
    x = torch.tensor([[40.0, -39.0]]).half()
    nn.init.eye_(layers[0].weight)
    plain = deepcopy(layers)
    plain[1][0].weight.fill_(6e4)
    assert not plain[1][0](x.repeat(1, 1) * torch.tensor([1.0, -1.0]).half()).isfinite().all()
    layers[1][0].weight.fill_(6e4)
    assert in_float32(layers, ["1"])(x).isfinite().all()
