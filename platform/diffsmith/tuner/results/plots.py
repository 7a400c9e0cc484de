"""Pictures of a sweep."""

from pathlib import Path

from ...files import replacing
from ..records import Sweep, Trial

__all__ = ["plot_front"]

_FRONT, _OTHERS, _FLOOR = "#c2410c", "#94a3b8", "#0f766e"


def plot_front(sweep: Sweep, path: Path) -> None:
    """Quality against latency: every complete trial, and the front that none of them beats."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullLocator

    quality = next(iter(sweep.spec.objectives))
    other = next((name for name in list(sweep.spec.objectives)[1:]), "latency")
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.add_subplot()
    front = sorted(sweep.leaderboard.front, key=lambda trial: trial.scores[other])
    rest = [trial for trial in sweep.leaderboard.ranked if trial not in front]
    for trials, color, label in ((rest, _OTHERS, "trials"), (front, _FRONT, "Pareto front")):
        axes.scatter(_scaled(trials, other), _scaled(trials, quality), c=color, s=36, label=label, zorder=3)
    steps = _scaled(front, other), _scaled(front, quality)
    axes.plot(*steps, color=_FRONT, lw=1.2, drawstyle="steps-post")
    for trial, x, y in zip(front, *steps, strict=True):
        axes.annotate(f"{trial.number}", (x, y), (4, 5), textcoords="offset points", fontsize=8)
    if quality in sweep.floors:
        axes.axhline(sweep.floors[quality], color=_FLOOR, ls=":", lw=1, label="noise floor (real data)")
    axes.set(xlabel=_label(other), ylabel=_label(quality), title=f"{sweep.name}: {quality} and {other}")
    for axis, name, scale in ((axes.xaxis, other, axes.set_xscale), (axes.yaxis, quality, axes.set_yscale)):
        if all(trial.scores[name] > 0 for trial in sweep.leaderboard.ranked):  # an unbiased metric may not be
            scale("log")
            axis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter("{x:g}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, lw=0.5)
    axes.margins(0.1)
    axes.legend(frameon=False, fontsize=8)
    with replacing(path) as beside:
        figure.savefig(beside, format="png", dpi=150)


def _scaled(trials: list[Trial], name: str) -> list[float]:
    return [trial.scores[name] * _unit(name)[0] for trial in trials]


def _label(name: str) -> str:
    unit = _unit(name)[1]
    return f"{name} [{unit}]" if unit else name


def _unit(name: str) -> tuple[float, str]:
    return _UNITS.get(name, (1.0, ""))


_UNITS = {
    "latency": (1e3, "ms a sample"),
    "frame_latency": (1e3, "ms a frame"),
    "memory": (1.0, "MiB"),
}
