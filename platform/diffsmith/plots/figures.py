"""How our pictures look, and how they become files."""

from pathlib import Path
from typing import Any

from ..files import replacing

__all__ = ["COLORS", "GRAY", "bare_axes", "new_figure", "save"]

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Okabe and Ito's: told apart by people who see colours differently."""

GRAY = "#64748b"


def new_figure(width: float, height: float) -> Any:
    """An empty figure, in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def bare_axes(axes: Any) -> None:
    """Only the lines that are read against."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, lw=0.5)


def save(figure: Any, path: Path) -> Path:
    """Write the figure as its suffix says, the same bytes every time; text stays text in SVG."""
    from matplotlib import rc_context

    kind = path.suffix.lower().removeprefix(".")
    dated = {"metadata": {"Date": None}} if kind == "svg" else {}
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "diffsmith"}), replacing(path) as beside:
        figure.savefig(beside, format=kind, dpi=150, **dated)
    return path
