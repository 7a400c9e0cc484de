import pytest
import torch
from torch import nn
from torch._inductor import config

from diffsmith.engine import attending
from diffsmith.engine.attention import fastest
from diffsmith.errors import SpecError
from diffsmith.nn import attending as ways

from .networks import inputs, unet

CPU = torch.device("cpu")


@pytest.mark.usefixtures("no_grad")
def test_a_network_attends_as_it_was_told_and_its_neighbour_as_ever(monkeypatch):
    seen = []
    monkeypatch.setattr(ways, "BACKENDS", {"sliced": lambda *each: seen.append(1) or ways.sliced(*each)})
    at, told = inputs()
    plain, sliced = unet(), attending(unet(), "sliced")
    expected = plain(*at, **told)
    assert not seen
    torch.testing.assert_close(sliced(*at, **told), expected, rtol=1e-5, atol=1e-5)
    assert len(seen) > 4
    seen.clear()
    plain(*at, **told)
    assert not seen


@pytest.mark.usefixtures("no_grad")
def test_flex_attention_gives_the_same_numbers():
    query, key, value = torch.randn(2, 32, 16), torch.randn(2, 16, 16), torch.randn(2, 16, 16)
    mask = torch.randn(2, 1, 1, 16)
    with ways.using("flex"):
        out = ways.attend(query, key, value, 1, mask)
    torch.testing.assert_close(out, ways.attend(query, key, value, 1, mask), rtol=1e-5, atol=1e-5)


def test_flex_without_a_compiler_is_refused_in_one_sentence():
    told = r"^engine.attention: flex needs a C\+\+ compiler"
    with config.patch("cpp.cxx", ("no-such-compiler",)), pytest.raises(SpecError, match=told):
        attending(nn.Linear(1, 1), "flex")


def test_slices_are_fastest_on_a_cpu_in_bfloat16_only():
    assert fastest(CPU, torch.bfloat16) == "sliced"
    assert fastest(CPU, torch.float32) == fastest(torch.device("cuda"), torch.bfloat16) == "sdpa"
