"""MLflow: sweeps are tracked as they run, the best pipeline is registered, and a dashboard shows them."""

from typing import TYPE_CHECKING

from diffsmith.hookspecs import hookimpl

if TYPE_CHECKING:
    import typer

    from diffsmith.tuner.records import Sweep, Trial


@hookimpl
def diffsmith_sweep_started(sweep: "Sweep") -> None:
    """Open the sweep's run, or go on in it."""
    from .observers import sweep_started

    sweep_started(sweep)


@hookimpl
def diffsmith_trial_ended(sweep: "Sweep", trial: "Trial") -> None:
    """A run inside the sweep's."""
    from .observers import trial_ended

    trial_ended(sweep, trial)


@hookimpl
def diffsmith_sweep_ended(sweep: "Sweep") -> None:
    """The leaderboard, and the best pipeline as a registered model."""
    from .observers import sweep_ended

    sweep_ended(sweep)


@hookimpl
def diffsmith_commands(app: "typer.Typer") -> None:
    """`diffsmith dashboard`."""
    from .dashboard import EXAMPLES, dashboard

    app.command(epilog=EXAMPLES)(dashboard)
