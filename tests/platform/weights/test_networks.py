from pathlib import Path

import pytest
import torch
from torch import nn

from diffsmith.errors import FileFault
from diffsmith.weights.networks import fill

FILE = Path("some/weights.safetensors")


def network(layers: int = 1) -> nn.Module:
    return nn.Sequential(*[nn.Linear(2, 3) for _ in range(layers)])


def test_every_number_arrives():
    source, target = network(), network()
    assert fill(target, source.state_dict(), FILE) is target
    assert torch.equal(target[0].weight, source[0].weight)


def test_numbers_of_another_format_are_taken():
    target = fill(network(), {name: each.half() for name, each in network().state_dict().items()}, FILE)
    assert target[0].weight.dtype == torch.float32


def test_everything_that_does_not_fit_is_told_at_once():
    tensors = {
        "0.weight": torch.zeros(3, 5),
        "extra": torch.zeros(1),
        "more": torch.tensor([1.0, float("nan")]),
    }
    with pytest.raises(FileFault) as caught:
        fill(network(), tensors, FILE)
    assert caught.value.path == FILE
    assert str(caught.value) == (
        "some/weights.safetensors: does not fit this model: 1 missing (0.bias); 2 left over (extra, more); "
        "1 of another shape (0.weight (3, 5) for (3, 2)); 1 not finite (more)"
    )


def test_the_first_ten_names_are_shown_and_all_are_counted():
    with pytest.raises(FileFault, match=r"24 missing \((\S+, ){10}…\)$"):
        fill(network(12), {}, FILE)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_no_numbers_are_refused_and_nothing_is_changed(bad):
    target, tensors = network(), network().state_dict()
    before = target[0].bias.detach().clone()
    tensors["0.weight"] = tensors["0.weight"].clone().fill_(bad).to(torch.bfloat16)
    with pytest.raises(FileFault, match=r"1 not finite \(0.weight\)"):
        fill(target, tensors, FILE)
    assert torch.equal(target[0].bias, before)
