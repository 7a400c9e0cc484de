"""What is of the wrong kind is told by its argument's name, before or as soon as it shows."""

import numpy as np
import pytest
import torch

from diffsmith import SpecError, frames, sample

X = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def net(x, told):
    return torch.tanh(x)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"x": X.numpy()}, "x: expected a Frame, or a floating-point tensor"),
        ({"x": X.long()}, "x: expected .* got torch.int64 of shape"),
        ({"x": X, "image": (X * 255).byte()}, "image: expected a floating-point tensor"),
        ({"x": X, "image": X, "mask": np.ones(3)}, "mask: expected a tensor"),
        ({"shape": (-1, 3)}, "shape: expected the whole numbers"),
        ({"shape": 3}, "shape: expected"),
        ({"shape": (3,), "seeds": 3}, "seeds: expected whole numbers from 0 to 4294967295"),
        ({"shape": (3,), "seeds": [2**32]}, "seeds: expected"),
        ({"shape": (3,), "seeds": [-1]}, "seeds: expected"),
        ({"shape": (3,), "dtype": torch.int32}, "dtype: expected"),
        ({"shape": (3,), "device": "gpu"}, "device: expected a device that is there"),
        ({"x": X, "dtype": torch.float64}, "dtype, device: they are those of x"),
        ({"x": X, "image": X, "strength": "0.5"}, "strength: expected a number"),
        ({"x": X[:0]}, "x: an empty batch"),
        ({"x": X, "path": {"betas": "cosine"}}, "path.name: field required"),
        ({"x": X, "noise": 5}, "noise: expected a name, or a dict"),
        ({"x": X, "sigmas": "karras"}, "sigmas: expected a list of numbers"),
        ({"x": X, "timesteps": [5000, 1]}, "timesteps: 5000 does not lie between 0 and 999"),
        ({"x": X, "sigmas": [14.0, 0.5], "path": "flow", "prediction": "flow"}, "sigmas: 14 does not lie"),
    ],
)
def test_it_is_told(given, told):
    with pytest.raises(SpecError, match=told):
        sample(net, **given)


@pytest.mark.parametrize("values", [torch.tensor([10.0, 1.0]), np.array([10.0, 1.0]), (10, 1)])
def test_levels_may_be_listed_by_any_sequence(values):
    assert torch.equal(sample(net, X, sigmas=values), sample(net, X, sigmas=[10.0, 1.0]))


@pytest.mark.parametrize("draw", [torch.randn(4, 2, 3, 8, 8), torch.randn(8), 0.0, None])
def test_noise_of_another_shape_is_told(draw):
    with pytest.raises(SpecError, match="noise: expected a tensor shaped like x"):
        sample(net, X, scheduler="ddpm", noise=lambda x, here, there: draw)


def test_a_network_that_changes_x_is_told():
    with pytest.raises(SpecError, match="net: it changes x in place"):
        sample(lambda x, told: x.mul_(0.5), X.clone())


def test_inference_mode_changes_nothing():
    with torch.inference_mode():
        inside = sample(net, X.clone(), steps=3, scheduler="heun")
    assert torch.equal(inside, sample(net, X, steps=3, scheduler="heun"))


@pytest.mark.parametrize(
    ("first", "then"), [("dpmpp_2m", "euler"), ("euler", "dpmpp_2m"), ("dpmpp_2m", "lms")]
)
def test_a_frame_of_another_path_is_told(first, then):
    made = list(frames(net, X, steps=5, scheduler=first))
    with pytest.raises(SpecError, match="x: the frame lies on another path"):
        sample(net, made[0], steps=5, scheduler=then)
