"""NaN and Inf are refused where they begin."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from diffsmith.engine import NonFiniteOutput, begin, graphed, guarded, reusing_text
from diffsmith.errors import DiffsmithError

from .networks import inputs, unet

pytestmark = pytest.mark.usefixtures("no_grad")


def spoil(layer):
    layer.bias[0] = float("nan")


SPOILT = ["conv_in", "down_blocks.1.resnets.0.conv2", "mid_block.attentions.0.transformer_blocks.1.ff.net.2"]


@pytest.mark.parametrize("name", SPOILT)
def test_the_first_bad_layer_is_named_with_the_call(name):
    network, (at, told) = guarded(unet()), inputs()
    network(*at, **told)
    spoil(network.get_submodule(name))
    with pytest.raises(
        NonFiniteOutput, match=rf"^network call 2 of this walk: NaN or Inf begins in {name} "
    ) as caught:
        network(*at, **told)
    assert (caught.value.layer, caught.value.call) == (name, 2)
    assert isinstance(caught.value, DiffsmithError)


def test_a_new_walk_counts_from_one():
    network, (at, told) = guarded(unet()), inputs()
    network(*at, **told)
    begin(network)
    spoil(network.conv_in)
    with pytest.raises(NonFiniteOutput, match="network call 1 of this walk"):
        network(*at, **told)


class Between(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)

    def forward(self, x, t):
        return self.second(self.first(x) / 0)


def test_what_happens_between_layers_is_told_as_such():
    with pytest.raises(NonFiniteOutput, match="begins just before second "):
        guarded(Between())(torch.ones(1, 2), 0)


def test_an_overflow_of_float16_is_told_what_helps():
    layer = nn.Sequential(nn.Linear(2, 2), nn.Identity()).half()
    layer[0].weight.fill_(6e4)
    with pytest.raises(NonFiniteOutput, match=r"a Linear, in float16.*bfloat16 or float32"):
        guarded(layer)(torch.ones(1, 2, dtype=torch.half))


def test_a_bad_input_is_not_blamed_on_a_layer():
    network, ((x, t), told) = guarded(unet()), inputs()
    with pytest.raises(NonFiniteOutput, match="came in with the network's input") as caught:
        network(x * float("inf"), t, **told)
    assert caught.value.layer == ""


def test_the_layer_is_named_through_recordings_and_caches_too():
    def record(call):
        answer = call().clone()
        return lambda: answer.copy_(call()), answer

    network, (at, told) = guarded(graphed(reusing_text(unet()), record)), inputs()
    spoil(network.mid_block.resnets[1].conv1)
    with pytest.raises(NonFiniteOutput, match=r"begins in mid_block.resnets.1.conv1 "):
        network(*at, **told)


def test_good_answers_pass_and_nothing_is_left_on_the_layers():
    plain, (at, told) = unet(), inputs()
    network = guarded(deepcopy(plain))
    assert torch.equal(network(*at, **told), plain(*at, **told))
    spoil(network.conv_out)
    with pytest.raises(NonFiniteOutput):
        network(*at, **told)
    assert not any(layer._forward_hooks for layer in network.modules())
