import pytest
import torch
from torch import nn

from diffsmith.engine import device_of, dtype_of, placed
from diffsmith.engine.placement import stilled
from diffsmith.errors import SpecError


def test_auto_is_a_device_that_answers():
    assert torch.ones(2, device=device_of("auto")).sum() == 2


def test_the_cpu_is_always_there():
    assert device_of("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "", "CPU", "tpu:0", "meta"])
def test_a_device_that_is_not_there_is_told_in_one_sentence(name):
    with pytest.raises(SpecError, match=r"^engine.device: there is no .* This machine has: .*cpu$") as caught:
        device_of(name)
    assert len(caught.value.faults) == 1
    assert repr(name) in str(caught.value)


def test_a_device_that_does_not_answer_is_told():
    with pytest.raises(SpecError, match=r"^engine.device: 'cpu:x' does not answer. Use one of: .*cpu$"):
        device_of("cpu:x")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_a_network_is_placed_ready_to_sample(dtype):
    network = placed(nn.Sequential(nn.Linear(2, 2), nn.Dropout()), "cpu", dtype)
    assert not network.training
    assert network[0].weight.dtype == getattr(torch, dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_module_is_stilled_whether_it_is_there_or_not(dtype):
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))  # which counts its batches in whole numbers
    network[1].running_mean = network[1].running_mean.double()
    for _ in range(2):
        assert stilled(network.train(), torch.device("cpu"), dtype) is network
        assert not any(layer.training for layer in network.modules())
        assert not any(weight.requires_grad for weight in network.parameters())
        formats = {name: each.dtype for name, each in network.state_dict().items()}
        assert formats.pop("1.num_batches_tracked") == torch.int64
        assert set(formats.values()) == {dtype}


def test_a_layer_with_a_train_of_its_own_is_told():
    class Told(nn.Module):
        def train(self, mode=True):
            self.merged = not mode
            return super().train(mode)

    network = nn.Sequential(nn.Linear(2, 2), Told())
    assert stilled(network, torch.device("cpu"), torch.float32)[1].merged
    assert not any(layer.training for layer in network.modules())


@pytest.mark.parametrize(
    ("native", "dtype"),
    [
        ({"_is_avx512_bf16_supported"}, torch.bfloat16),
        ({"_is_amx_tile_supported"}, torch.bfloat16),
        (set(), torch.float32),
    ],
)
def test_the_automatic_format_of_a_cpu_is_bfloat16_where_it_multiplies_that_itself(
    native, dtype, monkeypatch
):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda name=name: name in native, raising=False)
    assert dtype_of("auto", torch.device("cpu")) == dtype
    assert dtype_of("float16", torch.device("cpu")) == torch.float16


def test_the_automatic_format_elsewhere_is_float32():
    assert dtype_of("auto", torch.device("mps")) == torch.float32
