"""Random waves: exact whatever the network around them is."""

import math

import pytest
import torch
from torch import nn

from diffsmith.nn.fourier import FourierWaves


def test_sines_come_before_cosines():
    waves = FourierWaves(3)
    waves.weight = torch.tensor([0.25, 0.5, 1.0])
    told = waves(torch.tensor([1.0, 0.0]))
    expected = [[1, 0, 0, 0, -1, 1], [0, 0, 0, 1, 1, 1]]
    torch.testing.assert_close(told, torch.tensor(expected, dtype=torch.float32), rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_frequencies_are_never_rounded(dtype):
    network = nn.Sequential(FourierWaves(16), nn.Linear(32, 4))
    exact, t = network[0].weight.clone(), torch.tensor([math.log(30.0)])
    before = network[0](t)
    network.to(dtype)
    assert network[1].weight.dtype == dtype
    assert torch.equal(network[0].weight, exact)
    assert torch.equal(network[0](t.double()), before)


def test_frequencies_are_kept_with_the_weights_and_not_trained():
    waves, other = FourierWaves(8), FourierWaves(8)
    assert not list(waves.parameters())
    other.load_state_dict(waves.state_dict())
    assert torch.equal(other.weight, waves.weight)
    assert waves.weight.std() > 4  # of scale 16


def test_waves_can_be_made_before_they_have_numbers():
    with torch.device("meta"):
        waves = FourierWaves(8)
    assert waves.to(torch.bfloat16).to_empty(device="cpu").weight.shape == (8,)
