import builtins
import logging
from copy import deepcopy

import pytest
import torch
from torch import nn

from diffsmith.engine import quantised, reusing_text
from diffsmith.errors import SpecError

from .networks import inputs, transformer


def bytes_of(network):
    return sum(
        part.nbytes
        for weight in network.parameters()
        for part in ((weight.qdata, weight.scale) if hasattr(weight, "qdata") else (weight,))
    )


@pytest.mark.usefixtures("no_grad")
def test_eight_bits_take_a_quarter_and_lose_little():
    plain, (at, told) = transformer(), inputs()
    small = quantised(deepcopy(plain), smallest=100)
    expected = plain(*at, **told)
    error = (small(*at, **told) - expected).norm() / expected.norm()
    assert 0 < error < 0.02
    linear = [
        layer for layer in small.modules() if isinstance(layer, nn.Linear) and hasattr(layer.weight, "qdata")
    ]
    assert len(linear) > 20
    assert bytes_of(small) < 0.45 * bytes_of(plain)  # the scales of so small rows weigh


@pytest.mark.usefixtures("no_grad")
def test_small_layers_and_those_of_other_kinds_stay():
    network = quantised(nn.Sequential(nn.Linear(4, 4), nn.Conv2d(64, 64, 3), nn.Linear(256, 256)))
    assert [hasattr(layer.weight, "qdata") for layer in network] == [False, False, True]


@pytest.mark.usefixtures("no_grad")
def test_a_texts_keys_are_reused_with_such_weights_too():
    network, (at, told) = quantised(transformer(), smallest=100), inputs()
    expected = network(*at, **told)
    assert torch.equal(reusing_text(network)(*at, **told), expected)
    assert torch.equal(network(*at, **told), expected)


def test_torchao_may_complain_afterwards_as_it_did_before():
    before = logging.getLogger("torchao").level
    quantised(nn.Linear(256, 256))
    assert logging.getLogger("torchao").level == before


def test_without_torchao_the_refusal_says_how_to_install_it(monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if name.startswith("torchao"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(SpecError, match=r"^engine.quantize: int8 needs torchao.*pip install"):
        quantised(nn.Linear(256, 256))
