"""Singlestep loops, on the grid's levels and on levels of their own: what holds for all of them."""

from functools import partial

import pytest
import torch

from diffsmith.diffusion import levels
from diffsmith.diffusion.loops.dpm_adaptive import dpm_adaptive
from diffsmith.diffusion.loops.dpm_fast import dpm_fast
from diffsmith.diffusion.loops.dpm_solver_singlestep import dpm_solver_singlestep
from diffsmith.diffusion.loops.seeds import seeds_2, seeds_3
from diffsmith.diffusion.noise import Seeded
from diffsmith.testing import bare, three_blobs

ODES = {
    "seeds_2, eta 0": partial(seeds_2, eta=0.0, solver_type="phi_2"),
    "seeds_3, eta 0": partial(seeds_3, eta=0.0),
    "dpm_fast": dpm_fast,
    "dpm_adaptive": dpm_adaptive,
    "singlestep, noise": partial(dpm_solver_singlestep, order=3, form="dpmsolver", kind="heun"),
    "singlestep, data": partial(dpm_solver_singlestep, order=2),
}
LOOPS = ODES | {
    "seeds_2": seeds_2,
    "seeds_3": seeds_3,
    "dpm_fast, eta 1": partial(dpm_fast, eta=1.0),
    "dpm_adaptive, eta 0.7": partial(dpm_adaptive, order=2, eta=0.7, rtol=0.01),
    "singlestep, sde": partial(dpm_solver_singlestep, order=2, form="sde-dpmsolver++"),
}
loops = pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
FROM_PURE_NOISE = [-torch.inf, -4.5, -2.0, -1.0, 0.0, 1.0, 2.5, 4.0, torch.inf]
GRIDS = [
    FROM_PURE_NOISE,
    FROM_PURE_NOISE[1:],
    FROM_PURE_NOISE[1:-1],
    [-torch.inf, torch.inf],
    [-torch.inf, 0.0, torch.inf],
    [0.0, torch.inf],
    [-torch.inf, 0.0],
    [-1.0, 1.0, torch.inf],
    [-1.0, 1.0],
]


def walk(loop, grid, path=levels.flow, seeds=(0,), x=None, denoise=None):
    noise, start = Seeded(seeds), path(grid[0])
    if x is None:
        x = start.sigma * noise(torch.zeros(len(seeds), 2, dtype=torch.float64), start, start)
    at = torch.tensor(grid, dtype=torch.float64)
    return list(loop(denoise or three_blobs().denoise, x, bare(path), at, noise))


@loops
@pytest.mark.parametrize("path", [levels.vp, levels.flow])
@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_finite_from_pure_noise_to_none(loop, path, grid):
    frames = walk(loop, grid, path)
    assert all(frame.x.isfinite().all() and frame.x0.isfinite().all() for frame in frames)
    assert frames[-1].level == path(grid[-1])
    assert frames[-1].index == len(grid) - 2
    if grid[-1] == torch.inf:
        assert torch.equal(frames[-1].x, frames[-1].x0)


@loops
def test_it_goes_on_from_any_frame_with_the_noise_that_was_to_come(loop):
    noise, drawn, start = Seeded([0]), [], levels.flow(GRIDS[1][0])
    x = start.sigma * noise(torch.zeros(1, 2, dtype=torch.float64), start, start)
    at = torch.tensor(GRIDS[1], dtype=torch.float64)
    whole = []
    for frame in loop(three_blobs().denoise, x, bare(levels.flow), at, noise):
        whole.append(frame)
        drawn.append(noise.drawn)
    for frame, count in zip(whole, drawn, strict=True):
        rest = loop(three_blobs().denoise, frame, bare(levels.flow), at, Seeded([0], count))
        *_, last = (frame, *rest)
        assert torch.equal(last.x, whole[-1].x)


@loops
def test_indices_say_how_much_of_the_grid_is_done(loop):
    grid = FROM_PURE_NOISE
    for frame in walk(loop, grid):
        done = grid[frame.index + 1] if frame.index >= 0 else -torch.inf
        assert done <= frame.level.log_snr + 1e-6
        if frame.index + 2 < len(grid):
            assert frame.level.log_snr < grid[frame.index + 2]


@pytest.mark.parametrize("name", [name for name in LOOPS if "adaptive" not in name])
@pytest.mark.parametrize("path", [levels.ve, levels.vp])
def test_the_path_only_rescales_x(name, path):
    """But for the adaptive loop, whose tolerance is measured against x: its row walks in sigma."""
    grid = [-2.0, -0.5, 0.5, 2.0]
    x = torch.tensor([[0.3, -1.1]], dtype=torch.float64)
    here, flow = (walk(LOOPS[name], grid, at, x=at(-2.0).sigma * x)[-1] for at in (path, levels.flow))
    torch.testing.assert_close(here.x / here.level.sigma, flow.x / flow.level.sigma)


@pytest.mark.parametrize("loop", ODES.values(), ids=ODES)
def test_a_constant_estimate_is_exact(loop):
    x0, noise = torch.randn(2, 1, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    start, end = levels.vp(-2.0), levels.vp(2.0)
    x = start.alpha * x0 + start.sigma * noise
    last = walk(loop, [-2.0, -0.5, 0.1, 2.0], levels.vp, x=x, denoise=lambda x, level: x0)[-1]
    torch.testing.assert_close(last.x, end.alpha * x0 + end.sigma * noise)


@pytest.mark.parametrize("loop", [LOOPS[name] for name in LOOPS if name != "singlestep, sde"])
def test_samples_have_the_data_s_moments(loop):
    """One is left out: it forgets the noise of the middle, and comes near only as 1 / steps."""
    generator = torch.Generator().manual_seed(0)
    grid = [*torch.linspace(-4.4, 3.5, 41).tolist(), torch.inf]
    start = levels.vp(grid[0])

    def noise(x, here, there):
        return torch.randn(x.shape, generator=generator, dtype=x.dtype)

    x = start.sigma * noise(torch.zeros(3000, 2, dtype=torch.float64), None, None)
    at = torch.tensor(grid, dtype=torch.float64)
    *_, last = loop(three_blobs().denoise, x, bare(levels.vp), at, noise)
    true = three_blobs().sample(50_000, generator)
    torch.testing.assert_close(last.x.mean(0), true.mean(0), rtol=0, atol=0.05)
    torch.testing.assert_close(last.x.T.cov(), true.T.cov(), rtol=0, atol=0.04)
