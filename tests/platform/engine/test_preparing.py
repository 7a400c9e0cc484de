"""All choices together: each is carried out, and those that contradict each other are refused."""

from copy import deepcopy
from functools import partial

import pytest
import torch

from diffsmith.engine import Settings, begin, deep_features, first_block, prepared
from diffsmith.engine.packed_layers import PackedConv2d
from diffsmith.errors import SpecError

from .networks import inputs, transformer, unet

pytestmark = pytest.mark.usefixtures("no_grad")

EXACT = {
    "nothing": {"layout": "plain", "attention": "sdpa", "reuse_text": False, "guard": False},
    "all that is automatic": {},
    "channels last": {"layout": "channels_last"},
    "slices": {"attention": "sliced"},
}
LOSSY = {
    "bfloat16": ({"dtype": "bfloat16"}, 0.05),
    "int8": ({"quantize": "int8"}, 0.05),
    "bfloat16 with islands": ({"dtype": "bfloat16", "islands": ("conv_out", "time_embedding")}, 0.05),
    "a cache": ({"cache": partial(deep_features, every=2)}, 0.6),  # x is new at every step here
}


def answers(network, dtype=torch.float32):
    begin(network)
    told = {name: tensor.to(dtype) for name, tensor in inputs()[1].items()}
    return torch.stack(
        [network(x.to(dtype), t, **told) for (x, t), _ in (inputs(seed=seed) for seed in range(3))]
    )


@pytest.mark.parametrize("choices", EXACT.values(), ids=EXACT)
@pytest.mark.parametrize("make", [unet, transformer])
def test_exact_choices_change_no_answer(make, choices):
    plain = make()
    network = prepared(deepcopy(plain), Settings(device="cpu", dtype="float32", **choices))
    torch.testing.assert_close(answers(network), answers(plain), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(("choices", "loss"), LOSSY.values(), ids=LOSSY)
def test_lossy_choices_stay_within_their_bound(choices, loss):
    plain = unet()
    settings = Settings(**{"device": "cpu", "dtype": "float32", **choices})
    network = prepared(deepcopy(plain), settings)
    exact, near = answers(plain), answers(network, next(network.parameters()).dtype).float()
    assert (near - exact).norm() / exact.norm() < loss


def test_a_prepared_network_is_ready_to_sample():
    network = prepared(unet().train(), Settings(device="cpu"))
    assert not network.training
    assert not any(weight.requires_grad for weight in network.parameters())
    assert isinstance(network.conv_in, PackedConv2d)


@pytest.mark.parametrize("choices", [{}, {"islands": ("conv_out",)}], ids=["packed at once", "packed last"])
def test_a_network_counts_in_the_format_that_is_asked_for_whatever_it_lay_in(choices):
    settings = Settings(device="cpu", dtype="bfloat16", **choices)
    network = prepared(unet(), settings)
    kept = {name: each.dtype for name, each in network.state_dict().items()}
    wide = {name for name, dtype in kept.items() if dtype != torch.bfloat16}
    assert wide == ({"conv_out.weight", "conv_out.bias"} if choices else set())
    assert torch.equal(answers(network, torch.bfloat16), answers(network, torch.bfloat16))


def test_a_deep_copy_of_it_works_on_its_own():
    network = prepared(unet(), Settings(device="cpu", dtype="float32", cache=partial(deep_features, every=2)))
    before = answers(network)
    copy = deepcopy(network)
    network.conv_out.bias += 1
    assert torch.equal(answers(copy), before)
    assert not torch.equal(answers(network), before)


REFUSED = {
    "offload without a GPU": ({"offload": True, "device": "cpu"}, "engine.offload: needs a GPU"),
    "packed and compiled": (
        {"layout": "packed", "compile": True},
        "engine.layout: packed.*cannot be compiled",
    ),
    "graphs and a cache": (
        {"graphs": True, "cache": first_block},
        "engine.graphs: a recording decides nothing",
    ),
    "graphs without a GPU": ({"graphs": True}, "engine.graphs: CUDA graphs need"),
    "no such device": ({"device": "tpu"}, "engine.device: there is no 'tpu'"),
}


@pytest.mark.parametrize(("choices", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_in_a_sentence(choices, told):
    with pytest.raises(SpecError, match=rf"(?m)^{told}"):
        prepared(unet(), Settings(**{"device": "cpu", **choices}))


def test_all_contradictions_are_told_at_once():
    choices = {"offload": True, "compile": True, "layout": "packed", "graphs": True}
    with pytest.raises(SpecError) as caught:
        prepared(unet(), Settings(device="cpu", **choices))
    assert len(caught.value.faults) == 5
