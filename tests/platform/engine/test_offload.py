"""Offloading, with the meta device as the far one: it holds what it is given, and knows shapes."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from diffsmith.engine import blocks, offloaded, visiting
from diffsmith.engine.wrapping import wrap

from .networks import inputs, transformer, unet

META, CPU = torch.device("meta"), torch.device("cpu")
pytestmark = pytest.mark.usefixtures("no_grad")


def weights_there(network):
    return sum(weight.nbytes for weight in network.parameters() if weight.device == META)


@pytest.mark.parametrize("make", [unet, transformer])
def test_one_unit_at_a_time_is_there_and_all_are_home_again(make):
    network, (at, told) = make(), inputs()
    total = sum(weight.nbytes for weight in network.parameters())
    largest = max(sum(weight.nbytes for weight in block.parameters()) for block in blocks(network).values())
    there = []
    for layer in network.modules():
        layer.register_forward_pre_hook(lambda *_: there.append(weights_there(network)))
    # The answer cannot leave the meta device, so x is given there.
    offloaded(network, META)(*(each.to(META) for each in at), **told)
    assert max(there) <= largest < 0.5 * total
    assert max(there) > 0
    assert weights_there(network) == 0


def test_every_layer_computes_where_its_weights_are():
    network, ((x, t), told) = unet(), inputs()
    places = []

    def noted(forward, layer, x):
        out = forward(x)
        places.append((layer.weight.device, x.device, out.device))
        return out

    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            wrap(layer, noted, layer)
    assert offloaded(network, META)(x.to(META), t, **told).shape == x.shape
    assert set(places) == {(META, META, META)}


@pytest.mark.parametrize("make", [unet, transformer])
def test_answers_and_weights_stay_the_same(make):
    plain, (at, told) = make(), inputs()
    network = offloaded(deepcopy(plain), CPU)
    weights = [id(weight) for weight in network.parameters()]
    assert torch.equal(network(*at, **told), plain(*at, **told))
    assert [id(weight) for weight in network.parameters()] == weights


def test_weights_come_home_after_an_error_too():
    layer = nn.Linear(2, 2)
    home = layer.weight
    with pytest.raises(ZeroDivisionError), visiting(layer, META):
        assert layer.weight.device == META
        raise ZeroDivisionError
    assert layer.weight is home


def test_a_condition_travels_once_in_a_walk(monkeypatch):
    network, (at, told) = offloaded(transformer(), META), inputs()
    at, sent = [each.to(META) for each in at], []
    real = torch.Tensor.to
    monkeypatch.setattr(
        torch.Tensor, "to", lambda self, *a, **k: (sent.append(self is told["text"]), real(self, *a, **k))[1]
    )
    for _ in range(3):
        network(*at, **told)
    assert sum(sent) == 1
