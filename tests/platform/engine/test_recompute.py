from copy import deepcopy

import pytest
import torch

from diffsmith.engine import Allocations, recomputed

from .networks import inputs, transformer, unet


def gradients(network, at, told):
    network.zero_grad()
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network(*at, **told).square().mean().backward()
    return {name: weight.grad for name, weight in network.named_parameters()}


@pytest.mark.parametrize("make", [unet, transformer, lambda: unet(dropout=0.3)])
def test_gradients_are_the_same(make):
    plain, (at, told) = make().train(), inputs()
    small = recomputed(deepcopy(plain))
    expected = gradients(plain, at, told)
    for name, gradient in gradients(small, at, told).items():
        torch.testing.assert_close(gradient, expected[name], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("make", [lambda: unet(layers=3), lambda: transformer(12)])
def test_training_takes_less_memory(make):
    plain, (at, told) = make(), inputs(batch=4, side=16)
    peaks = []
    for network in (plain, recomputed(deepcopy(plain))):
        gradients(network, at, told)
        with Allocations() as counted:
            network(*at, **told).sum().backward()
        peaks.append(counted.peak)
    assert peaks[1] < 0.5 * peaks[0]


@pytest.mark.usefixtures("no_grad")
def test_sampling_stays_as_it_was():
    plain, (at, told) = unet(), inputs()
    assert torch.equal(recomputed(deepcopy(plain))(*at, **told), plain(*at, **told))
