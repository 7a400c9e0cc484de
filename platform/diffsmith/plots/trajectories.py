"""The ways that samplers go, on a mixture of Gaussians in the plane whose best answers are known."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from ..testing.mixture import GaussianMixture
from .figures import COLORS, GRAY, bare_axes, new_figure, save

__all__ = ["plot_trajectories"]

_REACH, _COLUMNS, _WAYS = 2.6, 3, 20


def plot_trajectories(walks: Mapping[str, Tensor], mixture: GaussianMixture, path: Path, title: str) -> Path:
    """Where samples arrive, and the ways of the first few: [steps + 1, B, 2] by name, one panel a name."""
    columns = min(len(walks), _COLUMNS)
    rows = -(-len(walks) // columns)
    figure = new_figure(max(3.5 * columns, 5.2), 3.7 * rows + 0.7)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for number, (axes, (name, walk)) in enumerate(zip(panels.flat, walks.items(), strict=False)):
        _blobs(axes, mixture)
        _ways(axes, walk)
        axes.set_title(name, fontsize=10)
        axes.tick_params(labelbottom=number + columns >= len(walks))  # nothing is below
    for axes in panels.flat[len(walks) :]:
        axes.set_visible(False)
    figure.suptitle(title, fontsize=11)
    figure.get_layout_engine().set(h_pad=0.12)
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=9)
    return save(figure, path)


def _blobs(axes: Any, mixture: GaussianMixture) -> None:
    """Each Gaussian as two circles, at once and twice its spread."""
    from matplotlib.patches import Circle

    for mean, std in zip(mixture.means.tolist(), mixture.stds.tolist(), strict=True):
        for times in (1, 2):
            axes.add_patch(Circle(mean, times * std, fc=GRAY, alpha=0.13, lw=0, zorder=0))


def _ways(axes: Any, walk: Tensor) -> None:
    drawn = walk[:, :_WAYS].permute(2, 0, 1).numpy()
    axes.plot(*drawn, color=COLORS[0], lw=0.7, alpha=0.7, marker=".", ms=2.5, zorder=1)
    axes.scatter(*drawn[:, 0], s=12, c="white", ec=COLORS[0], lw=0.8, label="where a way begins", zorder=2)
    axes.scatter(*walk[-1].T.numpy(), s=8, c=COLORS[1], lw=0, alpha=0.8, label="samples", zorder=3)
    axes.set(xlim=(-_REACH, _REACH), ylim=(-_REACH, _REACH), aspect="equal")
    bare_axes(axes)
