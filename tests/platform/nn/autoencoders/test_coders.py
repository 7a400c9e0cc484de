"""Encoders and decoders: their sizes, and that they hold on to nothing."""

import weakref

import pytest
import torch

from diffsmith.nn.autoencoders.coders import Decoder, Encoder, Plan

PLAN = Plan(widths=(8, 16, 24), layers=1, groups=8)


def test_each_level_but_the_last_halves_and_doubles():
    x = torch.randn(2, 3, 16, 12)
    latents = Encoder(3, 5, PLAN)(x)
    assert latents.shape == (2, 5, 4, 3)
    assert Decoder(5, 3, PLAN)(latents).shape == x.shape


def test_the_chosen_levels_attend_and_the_middle_does_where_it_should():
    plan = PLAN._replace(layers=2, attends=frozenset({1}), middle_attends=False)
    encoder, decoder = Encoder(3, 4, plan), Decoder(4, 3, plan)
    assert [len(stage.attentions) for stage in encoder.down_blocks] == [0, 2, 0]
    assert [len(stage.attentions) for stage in decoder.up_blocks] == [0, 3, 0]
    assert len(encoder.mid_block.attentions) == 0
    assert len(PLAN.middle().attentions) == 1


@pytest.mark.parametrize("coder", [Encoder(3, 4, PLAN), Decoder(3, 4, PLAN)])
def test_a_feature_map_is_gone_as_soon_as_its_successor_is_there(coder):
    made: list[weakref.ref[torch.Tensor]] = []
    alive = []

    def watched(module, arguments, out):
        alive.append(sum(map_() is not None for map_ in made))
        made.append(weakref.ref(out))

    stages = getattr(coder, "down_blocks", None) or coder.up_blocks
    layers = [layer for stage in stages for layer in stage]
    for layer in layers:
        layer.register_forward_hook(watched)
    with torch.inference_mode():
        coder(torch.randn(1, 3, 8, 8))
    assert len(alive) == len(layers) > 4
    assert max(alive) == 1  # the one that the layer read
