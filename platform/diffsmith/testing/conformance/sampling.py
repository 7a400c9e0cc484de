# ruff: noqa: S101 — a test is made of asserts
"""What estimates and spacings promise."""

from typing import ClassVar

import torch
from torch import Tensor

from ...diffusion import levels, schedules
from ...diffusion.denoiser import Denoise
from ...diffusion.estimates.single import heun
from ...diffusion.noise import Seeded
from ...diffusion.trajectory import Estimate, Frame, trajectory
from ..mixture import three_blobs
from ..paths import bare
from .shared import Conformance, draws

__all__ = ["EstimateConformance", "SpacingConformance"]


class EstimateConformance(Conformance):
    """An estimate solves the probability-flow ODE, better in more steps."""

    kind = "estimates"
    tolerance: ClassVar[float] = 1e-7
    """Of what is exact by its formula; more for one that computes its weights by quadrature."""

    def test_is_exact_where_the_clean_estimate_never_changes(self) -> None:
        """Then the way is known in closed form, on every path."""
        clean = torch.tensor([[0.5, -2.0]], dtype=torch.float64)
        for path in (levels.vp, levels.ve, levels.flow):
            frames = _walk(self.bound(), lambda x, level: clean, path, _grid(6))
            start, first = _start(path, _grid(6)), path(_grid(6)[0].item())
            for frame in frames:
                wanted = levels.carry(start, clean, first, frame.level)
                torch.testing.assert_close(frame.x, wanted, rtol=self.tolerance, atol=self.tolerance)

    def test_stays_finite_from_pure_noise(self) -> None:
        """Where alpha is 0, as at the start of a flow."""
        grid = torch.cat([torch.tensor([-torch.inf], dtype=torch.float64), _grid(5)])
        for frame in _walk(self.bound(), three_blobs().denoise, levels.flow, grid):
            assert frame.x.isfinite().all()

    def test_converges(self) -> None:
        """More steps come closer to where Heun's many small ones lead, for a mixture of Gaussians."""
        exact = self._end(heun, 512)
        errors = [(self._end(self.bound(), steps) - exact).abs().max() for steps in (8, 16, 32)]
        assert errors[0] > errors[1] > errors[2]
        assert errors[2] < errors[0] / 2

    def _end(self, estimate: Estimate, steps: int) -> Tensor:
        """Before the last jump to no noise at all, which every estimate makes alike."""
        return _walk(estimate, three_blobs().denoise, levels.vp, _grid(steps))[-2].x


class SpacingConformance(Conformance):
    """A spacing goes from noise to clean, one level after the other."""

    kind = "spacings"
    steps: ClassVar[tuple[int, ...]] = (1, 2, 7, 50)

    def test_visits_that_many_levels_in_order_and_ends_clean(self) -> None:
        """steps + 1 log-SNRs, each above the one before, the last +inf; on any schedule."""
        for schedule in (schedules.vp(), schedules.flow(), schedules.ve(), schedules.edm()):
            for steps in self.steps:
                visited = self.bound()(schedule, steps)
                assert visited.shape == (steps + 1,)
                assert visited.dtype == torch.float64
                assert visited[-1] == torch.inf
                assert visited[:-1].isfinite().all() or visited[0] == -torch.inf
                assert (visited.diff() > 0).all()


def _grid(steps: int) -> Tensor:
    """Even log-SNRs from much noise to little, and then none."""
    return torch.cat([torch.linspace(-3, 3, steps, dtype=torch.float64), torch.tensor([torch.inf])])


def _walk(estimate: Estimate, denoise: Denoise, path: levels.Path, grid: Tensor) -> list[Frame]:
    start = _start(path, grid)
    return list(trajectory(denoise, start, bare(path), grid, Seeded(range(1)), estimate=estimate))


def _start(path: levels.Path, grid: Tensor) -> Tensor:
    here = path(grid[0].item())
    return torch.randn(1, 2, generator=draws(), dtype=torch.float64).mul(here.sigma)
