"""Packed weights give the same answers, and can be had back."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from diffsmith.engine import packed, unpacked
from diffsmith.engine.packed_layers import PACKED
from diffsmith.nn.video.temporal_resnet import TemporalConv

from .networks import inputs, unet

LAYERS = {
    "3x3": (nn.Conv2d(8, 12, 3, padding=1), (2, 8, 6, 5)),
    "strided": (nn.Conv2d(8, 12, 3, stride=2), (2, 8, 7, 7)),
    "grouped": (nn.Conv2d(8, 8, 3, padding=1, groups=4), (1, 8, 6, 6)),
    "dilated, no bias": (nn.Conv2d(4, 8, 3, dilation=2, bias=False), (2, 4, 9, 9)),
    "1x1": (nn.Conv2d(8, 3, 1), (2, 8, 4, 4)),
    "along frames": (TemporalConv(8, 12), (2, 8, 3, 10)),
    "tokens": (nn.Linear(8, 12), (2, 7, 8)),
    "a vector": (nn.Linear(8, 12, bias=False), (8,)),
}


@pytest.mark.parametrize(("layer", "shape"), LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.usefixtures("no_grad")
def test_a_packed_layer_answers_as_the_plain_one_at_every_shape(layer, shape, dtype):
    plain = deepcopy(layer).to(dtype)
    fast = packed(deepcopy(plain))
    assert type(fast) is PACKED[type(layer)]
    for size in (shape, (shape[0] + 1, *shape[1:]) if len(shape) > 1 else shape, shape):
        x = torch.randn(size, dtype=dtype)
        precise = {"rtol": 1e-5, "atol": 1e-5} if dtype == torch.float32 else {"rtol": 2e-2, "atol": 2e-2}
        torch.testing.assert_close(fast(x), plain(x), **precise)


def other_layers():
    class Own(nn.Linear):
        pass

    return [
        Own(2, 2),
        nn.Linear(2, 2).double(),
        nn.Conv2d(2, 2, 3, padding="same"),
        nn.Conv2d(2, 2, 3, padding=1, padding_mode="circular"),
        nn.Linear(2, 2, device="meta"),
        nn.Conv1d(2, 2, 1),
    ]


def test_what_the_kernels_do_not_know_stays_as_it_is():
    for layer in other_layers():
        kind = type(layer)
        assert type(packed(layer)) is kind
        assert isinstance(layer.weight, nn.Parameter)


@pytest.mark.usefixtures("no_grad")
def test_a_packed_network_answers_saves_and_copies_as_the_plain_one():
    plain, (at, told) = unet(), inputs()
    fast = packed(deepcopy(plain))
    expected = plain(*at, **told)
    torch.testing.assert_close(fast(*at, **told), expected, rtol=1e-5, atol=1e-5)
    saved = fast.state_dict()
    assert saved.keys() == plain.state_dict().keys()
    assert all(torch.equal(saved[name], weight) for name, weight in plain.state_dict().items())
    torch.testing.assert_close(deepcopy(fast)(*at, **told), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("layer", "shape"), LAYERS.values(), ids=LAYERS)
@pytest.mark.usefixtures("no_grad")
def test_every_packed_layer_saves_its_weights_in_their_shape(layer, shape):
    fast = packed(deepcopy(layer))
    fast(torch.randn(shape))
    assert all(torch.equal(fast.state_dict()[name], weight) for name, weight in layer.state_dict().items())
    assert unpacked(fast).weight.shape == layer.weight.shape


@pytest.mark.parametrize("called", [False, True])
def test_unpacked_weights_are_parameters_again_bit_for_bit(called):
    plain, (at, told) = unet(), inputs()
    fast = packed(deepcopy(plain))
    assert len([*fast.parameters()]) < len([*plain.parameters()])
    if called:
        with torch.no_grad():
            fast(*at, **told)
    back = unpacked(fast)
    assert torch.equal(back(*at, **told), plain(*at, **told))
    assert {name for name, _ in back.named_parameters()} == {name for name, _ in plain.named_parameters()}
    back(*at, **told).sum().backward()
    assert back.conv_in.weight.grad is not None


@pytest.mark.parametrize("held", [torch.float32, torch.float16, torch.float64])
@pytest.mark.usefixtures("no_grad")
def test_weights_of_another_format_are_converted_when_they_are_packed(held):
    plain = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.Linear(6, 5, bias=False)).to(held)
    there, x = plain[0].weight.data_ptr(), torch.randn(2, 8, 6, 6, dtype=torch.bfloat16)
    expected = packed(deepcopy(plain).to(torch.bfloat16))
    late = packed(plain, torch.bfloat16)
    assert late[0].packed._held.data_ptr() == there, "not before"
    saved, wanted = late.state_dict(), expected.state_dict()
    assert all(torch.equal(saved[name], weight) for name, weight in wanted.items())
    assert torch.equal(late(x), expected(x))
    assert torch.equal(deepcopy(late)(x), expected(x))
    assert late[1].packed.nbytes == expected[1].packed.nbytes == 6 * 5 * 2
    assert {weight.dtype for weight in unpacked(late).parameters()} == {torch.bfloat16}


def test_a_packed_layer_holds_its_weights_once():
    layer = packed(nn.Linear(64, 64))
    with torch.no_grad():
        layer(torch.randn(3, 64))
    assert "weight" not in dict(layer.named_parameters())
    assert layer.packed.nbytes == 64 * 64 * 4
