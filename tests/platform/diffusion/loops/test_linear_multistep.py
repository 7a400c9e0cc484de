import pytest
import torch

from diffsmith.diffusion import levels
from diffsmith.diffusion.estimates import adams
from diffsmith.diffusion.levels import carry
from diffsmith.diffusion.loops import heunpp2, linear_multistep
from diffsmith.diffusion.noise import Seeded
from diffsmith.diffusion.steps import Step
from diffsmith.testing import bare, three_blobs

LOOPS = [linear_multistep.lms, linear_multistep.pndm, linear_multistep.ipndm, heunpp2.heunpp2]
FROM_PURE_NOISE = torch.tensor([-torch.inf, -2, -1, 0, 1, 2.5, torch.inf], dtype=torch.float64)
PATHS = {
    levels.ve: FROM_PURE_NOISE.clamp(min=-4.4),
    levels.vp: FROM_PURE_NOISE,
    levels.flow: FROM_PURE_NOISE,
}


def walk(loop, path=levels.flow, x=None, log_snrs=None, **options):
    log_snrs = PATHS[path] if log_snrs is None else log_snrs
    if x is None:
        x = torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        x = x * path(log_snrs[0].item()).sigma
    return list(loop(three_blobs().denoise, x, bare(path), log_snrs, Seeded([]), **options))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("loop", LOOPS)
def test_finite_from_pure_noise_to_none(loop, path):
    frames = walk(loop, path)
    assert all(frame.x.isfinite().all() for frame in frames)
    assert frames[-1].x.abs().max() < 3
    assert frames[-1].level == path(torch.inf)
    assert [frame.index for frame in frames] == list(range(6))


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("loop", LOOPS)
def test_few_steps(loop, path, steps):
    log_snrs = PATHS[path][[*range(steps), -1]]
    frames = walk(loop, path, log_snrs=log_snrs)
    assert len(frames) == steps
    assert frames[-1].x.isfinite().all()


@pytest.mark.parametrize("loop", LOOPS)
def test_goes_on_from_any_frame(loop):
    frames = walk(loop)
    for frame in frames[:-1]:
        assert torch.equal(walk(loop, x=frame)[-1].x, frames[-1].x)


def test_one_step_holds_the_clean_estimate():
    for loop in LOOPS:
        (frame,) = walk(loop, log_snrs=FROM_PURE_NOISE[[1, -1]])
        torch.testing.assert_close(frame.x, frame.x0)


def test_the_last_step_too_is_extrapolated():
    *_, before, last = walk(linear_multistep.lms, levels.ve)
    assert not torch.allclose(last.x, last.x0)
    almost = levels.ve(60.0)
    step = Step(before.level, before.level, almost, almost, 0, schedule=bare(levels.ve), past=before.past)
    held = adams.lms(three_blobs().denoise, before.x, last.x0, step)
    torch.testing.assert_close(last.x, carry(before.x, held, before.level, almost))
