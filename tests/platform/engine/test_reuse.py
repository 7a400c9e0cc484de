from copy import deepcopy

import pytest
import torch

from diffsmith.engine import packed, reusing_text
from diffsmith.engine.wrapping import wrap
from diffsmith.nn.attention import Attention

from .networks import inputs, transformer, unet

READERS = ("attn2.to_k", "caption_projection")
pytestmark = pytest.mark.usefixtures("no_grad")


def counting(network):
    """The network reusing its text, and a list that grows whenever a layer reads a text anew."""
    counted = []

    def count(forward, text):
        counted.append(1)
        return forward(text)

    for name, layer in network.named_modules():
        if name.endswith(READERS):
            wrap(layer, count)
    return reusing_text(network), counted


@pytest.mark.parametrize("make", [unet, transformer])
@pytest.mark.parametrize("finish", [lambda network: network, packed])
def test_a_text_is_read_once_in_a_walk_and_answers_stay(make, finish):
    plain, (_, told) = make(), inputs()
    network, counted = counting(finish(deepcopy(plain)))
    for step in range(3):
        (x, t), _ = inputs(seed=step)
        torch.testing.assert_close(network(x, t, **told), plain(x, t, **told), rtol=1e-5, atol=1e-5)
    assert len(counted) == len([name for name, _ in plain.named_modules() if name.endswith(READERS)]) > 4


def test_branches_that_take_turns_are_each_read_once():
    plain, (at, both), (_, other) = transformer(), inputs(), inputs(seed=5)
    network, counted = counting(deepcopy(plain))
    for _ in range(3):
        for told in (both, other):
            assert torch.equal(network(*at, **told), plain(*at, **told))
    assert len(counted) == 2 * 5


def test_training_reads_it_every_time_and_learns_from_it():
    network, (at, told) = reusing_text(transformer()), inputs()
    for _ in range(2):
        with torch.enable_grad():
            network(*at, **told).sum().backward()
        assert network.caption_projection.weight.grad.any()
        network.zero_grad()
    assert all(not len(layer.once) for layer in network.modules() if isinstance(layer, Attention))
