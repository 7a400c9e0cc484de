"""Noise level by step, for one spacing beside another."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from ..diffusion.levels import flow
from ..diffusion.schedules import NoiseSchedule
from .figures import COLORS, bare_axes, new_figure, save

__all__ = ["plot_spacings"]

_MARKS = "osD^vPX"


def plot_spacings(grids: Mapping[str, Tensor], schedule: NoiseSchedule, path: Path, title: str) -> Path:
    """Each grid's noise levels by step, log-SNRs [steps + 1] by name; no noise at all is left out.

    sigma / alpha on a log axis; flow's own sigma, which ends at 1 where the other is infinite.
    """
    figure = new_figure(7.2, 4.4)
    axes, in_flow = figure.add_subplot(), schedule.path is flow
    for number, (name, grid) in enumerate(grids.items()):
        levels = [schedule.path(log_snr) for log_snr in grid.tolist()]
        seen = [
            (step, level.sigma if in_flow else level.ratio)
            for step, level in enumerate(levels)
            if level.sigma
        ]
        look = {"color": COLORS[number % len(COLORS)], "marker": _MARKS[number % len(_MARKS)]}
        axes.plot(
            *zip(*seen, strict=True),
            label=name,
            lw=1.4,
            ms=4,
            ls="-" if number < len(COLORS) else "--",
            **look,
        )
    name = "noise level σ" if in_flow else "noise level σ / α"
    axes.set(xlabel="step", ylabel=name, title=title)
    if not in_flow:
        axes.set_yscale("log")
    axes.xaxis.get_major_locator().set_params(integer=True)
    bare_axes(axes)
    figure.legend(loc="outside right center", frameon=False, fontsize=9)
    return save(figure, path)
