"""Networks without numbers: as they would be on the meta device, and nobody else's layers are touched."""

from threading import Barrier, Thread

import pytest
import torch
from torch import nn

from diffsmith.weights.blank import blank

MAKE = {
    "linear": lambda: nn.Linear(3, 4, bias=False),
    "conv1d": lambda: nn.Conv1d(2, 2, 3),
    "conv2d": lambda: nn.Conv2d(2, 2, 3),
    "transposed": lambda: nn.ConvTranspose2d(2, 2, 3),
    "groups": lambda: nn.GroupNorm(1, 2),
    "groups without weights": lambda: nn.GroupNorm(1, 2, affine=False),
    "layer": lambda: nn.LayerNorm(3),
    "table": lambda: nn.Embedding(4, 2),
    "what is left to torch": lambda: nn.LSTM(2, 2),
}


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_a_blank_layer_is_the_one_that_the_meta_device_gives(make):
    with blank():
        made = make()
    with torch.device("meta"):
        expected = make()
    assert [(name, each.shape, each.dtype) for name, each in made.named_parameters()] == [
        (name, each.shape, each.dtype) for name, each in expected.named_parameters()
    ]
    assert all(each.is_meta for each in made.parameters())


def test_no_layer_of_a_network_is_filled(monkeypatch):
    def refuse(layer):
        raise AssertionError(f"{layer} is filled")

    for kind in (nn.Linear, nn.modules.conv._ConvNd, nn.GroupNorm, nn.LayerNorm):
        monkeypatch.setattr(kind, "reset_parameters", refuse)
    with blank():
        nn.Sequential(nn.Linear(2, 2), nn.Conv2d(2, 2, 1), nn.GroupNorm(1, 2), nn.LayerNorm(2))
    with pytest.raises(AssertionError, match="is filled"):
        nn.Linear(2, 2)


def test_afterwards_layers_are_filled_again():
    before = nn.Linear.reset_parameters
    with pytest.raises(KeyError), blank():
        raise KeyError("inside")
    assert nn.Linear.reset_parameters is before
    assert not nn.Linear(2, 2).weight.is_meta


def test_a_layer_that_names_a_device_is_filled_there():
    with blank():
        norm = nn.LayerNorm(4, device="cpu")
    assert torch.equal(norm.weight, torch.ones(4))


def test_other_threads_make_layers_with_numbers_meanwhile():
    made, meet = [], Barrier(2, timeout=30)

    def other():
        meet.wait()
        made.append(nn.LayerNorm(4))
        meet.wait()

    thread = Thread(target=other)
    thread.start()
    with blank():
        meet.wait()
        meet.wait()
        assert nn.LayerNorm(4).weight.is_meta
    thread.join()
    assert torch.equal(made[0].weight, torch.ones(4))
