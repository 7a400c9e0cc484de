"""Networks on the meta device become what a file holds, or say all that does not fit."""

from pathlib import Path

import pytest
import torch
from torch import nn

from diffsmith.errors import FileFault
from diffsmith.weights.networks import assign
from diffsmith.weights.opening import open_tensors
from diffsmith.weights.tensors import save_tensors

FILE = Path("some/weights.safetensors")


class Net(nn.Module):
    """A parameter of each kind: plain, tied, frozen; a buffer of each kind: kept, and made by the network."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.tied = nn.Linear(2, 3, bias=False)
        self.tied.weight = self.first.weight
        self.several = nn.ParameterList([torch.zeros(2), torch.zeros(3)])
        self.frozen = nn.Parameter(torch.zeros(1), requires_grad=False)
        self.register_buffer("steps", torch.zeros(2, dtype=torch.int64))
        self.register_buffer("wave", torch.arange(3.0, device="cpu"), persistent=False)


def meta() -> Net:
    with torch.device("meta"):
        return Net()


def stored() -> dict[str, torch.Tensor]:
    tensors = Net().state_dict()
    del tensors["tied.weight"]
    return tensors | {"steps": torch.tensor([3, 4], dtype=torch.int32)}


@pytest.fixture
def path(tmp_path):
    return save_tensors(tmp_path / "w.safetensors", stored())


def test_what_is_large_is_mapped_and_what_is_small_is_copied(tmp_path):
    tensors = open_tensors(save_tensors(tmp_path / "large.safetensors", nn.Linear(256, 256).state_dict()))
    with torch.device("meta"):
        network = nn.Linear(256, 256)
    assign(network, tensors, tmp_path)
    assert network.weight.data_ptr() == tensors["weight"].data_ptr()
    assert network.bias.data_ptr() != tensors["bias"].data_ptr()


def test_the_tensors_of_a_file_become_the_parameters(path):
    tensors = open_tensors(path)
    network = meta()
    assert assign(network, tensors, path) is network
    assert torch.equal(network.first.weight, tensors["first.weight"])
    assert network.first.weight.requires_grad
    assert not network.frozen.requires_grad
    assert network.tied.weight is network.first.weight
    assert network.steps.tolist() == [3, 4]
    assert network.steps.dtype == torch.int64, "whole numbers as the network counts"
    assert [tuple(each.shape) for each in network.several] == [(2,), (3,)]
    assert network.wave.tolist() == [0, 1, 2]
    network.first(torch.ones(1, 2)).sum().backward()


def test_formats_are_the_files_unless_others_are_asked_for(path):
    tensors = {
        name: each.half() if each.is_floating_point() else each for name, each in open_tensors(path).items()
    }
    assert assign(meta(), tensors, path).first.weight.dtype == torch.float16
    network = assign(meta(), tensors, path, dtype=torch.bfloat16)
    assert {each.dtype for each in network.parameters()} == {torch.bfloat16}
    assert network.steps.dtype == torch.int64


def test_a_tied_parameter_is_taken_from_whichever_name_is_there(path):
    tensors = dict(open_tensors(path))
    tensors["tied.weight"] = tensors.pop("first.weight")
    network = assign(meta(), tensors, path)
    assert network.tied.weight is network.first.weight
    assert network.first.weight.data_ptr() == tensors["tied.weight"].data_ptr()


def test_a_recurrent_layer_counts_with_what_it_was_given():
    kept = nn.LSTM(2, 3)
    with torch.device("meta"):
        network = nn.LSTM(2, 3)
    x = torch.randn(4, 1, 2)
    assert torch.equal(assign(network, kept.state_dict(), FILE)(x)[0], kept(x)[0])


def test_everything_that_does_not_fit_is_told_at_once():
    tensors = stored() | {
        "first.weight": torch.zeros(3, 5),
        "frozen": torch.zeros(1, dtype=torch.int32),
        "more": torch.zeros(1),
        "text_model.position_ids": torch.zeros(1),
    }
    del tensors["first.bias"]
    network = meta()
    with pytest.raises(FileFault) as caught:
        assign(network, tensors, FILE, ignored=[r".*position_ids"])
    assert str(caught.value) == (
        "some/weights.safetensors: does not fit this model: 1 missing (first.bias); 1 left over (more); "
        "1 of another shape (first.weight (3, 5) for (3, 2)); 1 of another kind (frozen int32 for float32)"
    )
    assert all(each.is_meta for each in network.parameters()), "and nothing is changed"


def test_the_first_ten_names_are_shown_and_all_are_counted():
    network = nn.Sequential(*[nn.Linear(2, 3) for _ in range(12)])
    with pytest.raises(FileFault, match=r"24 missing \((\S+, ){10}…\)$"):
        assign(network, {}, FILE)


def test_a_buffer_that_nobody_gives_numbers_is_told():
    network = meta()
    network.register_buffer("made", torch.zeros(2, device="meta"), persistent=False)
    with pytest.raises(FileFault, match=r"without numbers: 1 empty \(made\)"):
        assign(network, stored(), FILE)
