import math

import pytest
import torch

from diffsmith.diffusion import levels
from diffsmith.diffusion.estimates.single import euler
from diffsmith.diffusion.loops.ddim_inverse import ddim_inverse
from diffsmith.diffusion.noise import Seeded
from diffsmith.diffusion.trajectory import trajectory
from diffsmith.testing import bare, three_blobs

PATHS = [levels.ve, levels.vp, levels.flow]
HELD = ["epsilon", "v", "flow"]
DENOISE = three_blobs().denoise
CLEAN = three_blobs().sample(6, torch.Generator().manual_seed(0))


def grid(steps, ended=True):
    even = torch.linspace(-4, 4, steps, dtype=torch.float64)
    return torch.cat([even, even.new_tensor([torch.inf])]) if ended else even


def inverted(path, steps, held="epsilon", x=CLEAN, ended=True):
    return list(ddim_inverse(DENOISE, x, bare(path), grid(steps, ended), Seeded([]), held=held))


def returned(path, steps, held):
    """How far from itself a sample ends that is inverted and made again."""
    start = inverted(path, steps, held)[-1].x
    *_, last = trajectory(DENOISE, start, bare(path), grid(steps), Seeded([]), estimate=euler)
    return float((last.x - CLEAN).norm())


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("path", PATHS)
def test_the_round_trip_converges_at_first_order(path, held):
    coarse, fine = returned(path, 100, held), returned(path, 400, held)
    assert math.log(coarse / fine, 4) == pytest.approx(1, abs=0.2)


def test_arrives_at_the_noisiest_level():
    frames = inverted(levels.vp, 5)
    assert [frame.index for frame in frames] == list(range(5))
    assert frames[-1].level == levels.vp(-4.0)


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("path", [levels.vp, levels.flow])
def test_finite_as_far_as_pure_noise(path, held):
    log_snrs = torch.tensor([-torch.inf, -1.0, 1.0, torch.inf], dtype=torch.float64)
    frames = list(ddim_inverse(DENOISE, CLEAN, bare(path), log_snrs, Seeded([]), held=held))
    assert all(frame.x.isfinite().all() and frame.x0.isfinite().all() for frame in frames)


def test_goes_on_from_a_frame():
    whole = inverted(levels.vp, 6)
    rest = inverted(levels.vp, 6, x=whole[2])
    assert [frame.index for frame in rest] == [3, 4, 5]
    assert torch.equal(rest[-1].x, whole[-1].x)
