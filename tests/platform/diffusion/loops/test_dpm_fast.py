import pytest
import torch

from diffsmith.diffusion import levels
from diffsmith.diffusion.loops.dpm_fast import dpm_fast
from diffsmith.diffusion.noise import Seeded
from diffsmith.testing import bare, three_blobs


@pytest.mark.parametrize("ends", [(-4.0, 3.0), (-4.0, torch.inf), (-torch.inf, 3.0), (-torch.inf, torch.inf)])
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 6, 7, 12, 20])
def test_it_asks_as_often_as_the_grid_has_steps(steps, ends):
    asked = []

    def denoise(x, level):
        asked.append(level.log_snr)
        return three_blobs().denoise(x, level)

    grid = torch.linspace(-4, 3, steps + 1, dtype=torch.float64)
    grid[0], grid[-1] = ends
    x = torch.ones(1, 2, dtype=torch.float64)
    frames = list(dpm_fast(denoise, x, bare(levels.flow), grid, Seeded([])))
    assert len(asked) == steps
    assert frames[-1].level.log_snr == pytest.approx(ends[1])


def test_only_the_ends_of_the_grid_count():
    x = torch.ones(1, 2, dtype=torch.float64)
    even, uneven = (
        list(dpm_fast(three_blobs().denoise, x, bare(levels.vp), torch.tensor(grid).double(), Seeded([])))
        for grid in ([-3.0, -1, 1, 3], [-3.0, 2, 2.5, 3])
    )
    assert torch.equal(even[-1].x, uneven[-1].x)
