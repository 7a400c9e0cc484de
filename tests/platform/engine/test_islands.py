import pytest
import torch
from torch import nn

from diffsmith.engine import in_float32
from diffsmith.errors import SpecError

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
    inner = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Tanh())
    nn.init.constant_(inner[0].weight, 6e4)
    layers, x = nn.Sequential(nn.Identity(), inner).half(), torch.tensor([[40.0, 39.0]]).half()
    assert not inner[0](x).isfinite().all()
    seen = []
    inner[0].register_forward_hook(lambda *each: seen.append(each[-1]))
    assert torch.equal(in_float32(layers, ["1"])(x), torch.ones(1, 2).half())
    assert seen[0].isfinite().all()


def test_a_name_that_no_module_has_is_told_with_the_nearest():
    with pytest.raises(SpecError, match=r"^engine.islands: unknown name 'conv_ot' — did you mean 'conv_out'"):
        in_float32(unet(), ["conv_ot"])
