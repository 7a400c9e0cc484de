import pytest
import torch

from diffsmith.diffusion import levels
from diffsmith.diffusion.answers import Answer, answer
from diffsmith.diffusion.estimates.multistep import dpmpp_2m
from diffsmith.diffusion.inpainting import keeping
from diffsmith.diffusion.levels import Level
from diffsmith.diffusion.noise import Seeded
from diffsmith.diffusion.starting import noised
from diffsmith.diffusion.trajectory import trajectory
from diffsmith.testing import bare

HERE = Level(0.6, 0.8)
MASK = torch.tensor([0.0, 0.25, 1.0])
IMAGE = torch.tensor([[1.0, 1.0, 1.0]])


class Telling:
    """Says all that a denoiser may say."""

    def __call__(self, x, level):
        return x * 0 - 1

    def answer(self, x, level):
        return Answer(self(x, level), x * 0 + 2, x * 0 + 7)


def test_the_estimate_is_the_image_where_the_mask_is_0():
    x = torch.zeros(2, 3)
    assert keeping(Telling(), IMAGE, MASK)(x, HERE).tolist() == [[1.0, 0.5, -1.0]] * 2


def test_what_else_the_denoiser_says_is_passed_on_and_pushes_only_where_the_mask_is_1():
    x0, push, variance = answer(keeping(Telling(), IMAGE, MASK), torch.zeros(1, 3), HERE)
    assert x0.tolist() == [[1.0, 0.5, -1.0]]
    assert push.tolist() == [[0.0, 0.5, 2.0]]
    assert variance.tolist() == [[7.0] * 3]
    plain = answer(keeping(lambda x, level: x, IMAGE, MASK), torch.zeros(1, 3), HERE)
    assert (plain.push, plain.variance) == (None, None)


@pytest.mark.parametrize("path", [levels.vp, levels.ve, levels.flow])
def test_an_ode_carries_the_known_region_exactly_along_its_path(path):
    grid = torch.tensor([-3.0, -1, 0, 2, torch.inf], dtype=torch.float64)
    image = torch.rand(1, 3, dtype=torch.float64)
    first, noise = path(-3.0), Seeded([1])(image, HERE, HERE)
    denoise = keeping(lambda x, level: x.tanh(), image, MASK.double())
    start = noised(image, noise, first)
    for frame in trajectory(denoise, start, bare(path), grid, Seeded([0]), estimate=dpmpp_2m):
        on_path = noised(image, noise, frame.level)
        torch.testing.assert_close(frame.x[:, 0], on_path[:, 0], rtol=1e-12, atol=1e-12)
    assert frame.x[0, 0] == image[0, 0]
