"""Approximations across steps: exact when told to be, bounded when not, and clean between walks."""

import weakref
from copy import deepcopy
from functools import partial

import pytest
import torch
from torch import nn

from diffsmith.engine import begin, deep_features, first_block
from diffsmith.errors import SpecError

from .networks import inputs, transformer, unet

pytestmark = pytest.mark.usefixtures("no_grad")


def runs_of(layer):
    counted = []
    layer.register_forward_pre_hook(lambda *_: counted.append(1))
    return counted


def walk(network, seed=0, steps=9, told=None):
    """x is moved a little at each step, as samplers do; every answer."""
    (x, t), own = inputs(seed=seed)
    answers = []
    for step in range(steps):
        answers.append(network(x, t - 20 * step, **(told or own)))
        x = x - 0.05 * answers[-1]
    return torch.stack(answers)


def test_the_deep_part_runs_every_few_calls_and_the_rest_always():
    network = deep_features(unet(), every=3)
    inner, deep = network.mid_block.resnets[0], network.down_blocks[1].resnets[0]
    counts = [runs_of(layer) for layer in (inner, deep, network.down_blocks[0].resnets[0], network.conv_out)]
    walk(network, steps=7)
    assert [len(count) for count in counts] == [3, 3, 7, 7]


@pytest.mark.parametrize("depth", [1, 2])
def test_full_calls_are_exact_and_the_others_near(depth):
    plain = unet()
    exact = walk(plain, steps=6)
    near = walk(deep_features(deepcopy(plain), every=2, depth=depth), steps=6)
    assert torch.equal(near[0], exact[0])
    assert not torch.equal(near[1], exact[1])
    assert (near - exact).norm() / exact.norm() < 0.2


def test_more_levels_lose_less():
    plain = unet()
    exact = walk(plain)
    errors = [(walk(deep_features(deepcopy(plain), every=3, depth=depth)) - exact).norm() for depth in (1, 2)]
    assert errors[1] < errors[0]


def test_a_kept_feature_is_exact_while_nothing_changes():
    plain, (at, told) = unet(), inputs()
    network = deep_features(deepcopy(plain), every=4)
    for _ in range(4):
        assert torch.equal(network(*at, **told), plain(*at, **told))


def test_first_block_skips_while_little_changes_and_runs_when_much_does():
    network = first_block(transformer(), threshold=0.05)
    counts = [runs_of(network.transformer_blocks[row].attn1) for row in (0, 1, 3)]
    (x, t), told = inputs()
    plain = transformer()
    assert torch.equal(network(x, t, **told), plain(x, t, **told))
    near = network(x + 1e-3, t, **told)
    assert [len(count) for count in counts] == [2, 1, 1]
    torch.testing.assert_close(near, plain(x + 1e-3, t, **told), rtol=1e-2, atol=1e-2)
    assert torch.equal(network(3 * x, t, **told), plain(3 * x, t, **told))
    assert [len(count) for count in counts] == [3, 2, 2]


def test_a_smaller_threshold_loses_less_and_runs_more():
    plain, losses, runs = transformer(), [], []
    exact = walk(plain)
    for threshold in (1e-6, 0.02, 0.1):
        network = first_block(deepcopy(plain), threshold=threshold)
        counted = runs_of(network.transformer_blocks[1].attn1)
        losses.append(float((walk(network) - exact).norm() / exact.norm()))
        runs.append(len(counted))
    assert losses[0] == 0 < losses[1] < losses[2] < 0.5
    assert runs[0] == 9 > runs[1] > runs[2]


CACHES = {
    "deep_features": (unet, partial(deep_features, every=3)),
    "first_block": (transformer, partial(first_block, threshold=0.3)),
}
every_cache = pytest.mark.parametrize(("make", "cache"), CACHES.values(), ids=CACHES)


@every_cache
def test_a_new_walk_begins_as_if_nothing_had_been(make, cache):
    network = cache(make())
    alone = walk(network, seed=1)
    begin(network)
    walk(network, seed=2, steps=2)
    begin(network)
    assert torch.equal(walk(network, seed=1), alone)


@every_cache
def test_branches_that_take_turns_do_not_mix(make, cache):
    """One after the other is what both in one batch are."""
    plain, (_, wanted), (_, other) = make(), inputs(seed=3), inputs(seed=4)
    network, (x, t) = cache(deepcopy(plain)), inputs()[0]
    turns = [[network(x, t - step, **told) for told in (wanted, other)] for step in range(5)]
    for branch, told in enumerate((wanted, other)):
        alone = cache(deepcopy(plain))
        for step in range(5):
            assert torch.equal(turns[step][branch], alone(x, t - step, **told))


@every_cache
def test_other_shapes_and_batches_do_not_mix(make, cache):
    plain = make()
    network = cache(deepcopy(plain))
    for batch, side in ((2, 8), (4, 8), (2, 4)):
        at, told = inputs(batch, side)
        assert torch.equal(network(*at, **told), plain(*at, **told))


@every_cache
def test_conditions_made_anew_for_every_call_are_exact_and_do_not_pile_up(make, cache):
    plain = make()
    network, ((x, t), told) = cache(deepcopy(plain)), inputs()
    seen = []
    for step in range(30):
        new = {"text": told["text"].clone()}
        seen.append(weakref.ref(new["text"]))
        assert torch.equal(network(x - step, t, **new), plain(x - step, t, **new))
    del new
    assert sum(ref() is not None for ref in seen) <= 9


@every_cache
def test_training_is_exact(make, cache):
    plain = make()
    network = cache(deepcopy(plain))
    with torch.enable_grad():
        for seed in range(3):
            at, told = inputs(seed=seed)
            assert torch.equal(network(*at, **told), plain(*at, **told))


REFUSED = {
    "a transformer": (lambda: deep_features(transformer()), "Transformer is no U-Net.*first_block"),
    "a u-net": (
        lambda: first_block(unet()),
        "ConditionalUNet2D has no row of transformer_blocks.*deep_features",
    ),
    "nothing to skip": (lambda: deep_features(unet(), depth=3), r"depth: 3 of 3 levels.*at most 2"),
    "a layer": (lambda: deep_features(nn.Linear(1, 1)), "Linear is no U-Net"),
}


@pytest.mark.parametrize(("make", "told"), REFUSED.values(), ids=REFUSED)
def test_a_network_of_another_kind_is_refused_with_what_fits(make, told):
    with pytest.raises(SpecError, match=rf"^engine.cache.*{told}"):
        make()
