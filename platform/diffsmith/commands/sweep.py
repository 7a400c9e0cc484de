"""`diffsmith sweep`: search for the best pipeline under a budget."""

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import SpecError
from . import examples
from .output import Json
from .overrides import Sets, values_of
from .sweep_display import followed
from .sweep_report import report
from .things import completing

if TYPE_CHECKING:
    from ..tuner.records import Sweep
    from ..tuner.run import Happened

EXAMPLES = examples(
    "diffsmith sweep digits --budget 2m",
    "diffsmith sweep digits --trials 20 --max-latency 20ms --workers 2",
    "diffsmith sweep my_space.yaml --budget 1h --objective kid --objective memory",
    "diffsmith sweep digits --resume --budget 5m",
)


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLES)(sweep)


def sweep(  # noqa: PLR0913 — the options of a command line
    target: Annotated[
        str,
        typer.Argument(
            help="A data set, a search space or its YAML file; with --resume a sweep's name.",
            autocompletion=completing("datasets"),
        ),
    ],
    budget: Annotated[str | None, typer.Option(help="Time to search for, such as 90s, 2m, 1h30m.")] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="How many trials to make at most.")] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=0, max=64, help="Processes; 0 runs all in this one. [default: one a core]"),
    ] = None,
    objective: Annotated[
        list[str] | None, typer.Option(help="A metric, latency or memory; the first one leads.")
    ] = None,
    max_latency: Annotated[str | None, typer.Option(help="Upper bound for one sample, such as 50ms.")] = None,
    max_frame_latency: Annotated[
        str | None, typer.Option(help="Upper bound for a frame of a clip, such as 5ms.")
    ] = None,
    max_memory: Annotated[float | None, typer.Option(min=1, help="Upper bound of sampling, in MiB.")] = None,
    data: Annotated[str | None, typer.Option(help="The data set, where the target is a space.")] = None,
    samples: Annotated[int | None, typer.Option(min=16, help="Samples that a trial is scored on.")] = None,
    patience: Annotated[
        int | None, typer.Option(min=1, help="Stop when as many trials brought nothing.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the search.")] = None,
    runs: Annotated[Path, typer.Option(help="The folder of all sweeps.")] = Path("runs"),
    name: Annotated[str | None, typer.Option(help="The sweep's name, if not the target's.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a sweep, for longer if asked.")
    ] = False,
    sets: Sets = None,
    json: Json = False,
) -> None:
    """Search network, training and sampling for the best pipeline.

    Ctrl-C stops cleanly: finished trials are kept, and --resume goes on from the others' checkpoints.
    """
    from ..tuner.api import resumed, started
    from ..tuner.budget import duration

    common: dict[str, Any] = {"budget": budget, "trials": trials, "workers": workers, "runs": runs}
    going: Generator[Happened, None, Sweep]
    if resume:
        new: dict[str, Any] = {
            "--objective": objective,
            "--data": data,
            "--samples": samples,
            "--name": name,
            "--set": sets,
        }
        new |= {
            "--max-latency": max_latency,
            "--max-frame-latency": max_frame_latency,
            "--max-memory": max_memory,
            "--patience": patience,
            "--seed": seed,
        }
        _refuse_changes(new)
        going = resumed(target, **common)
    else:
        bounds = {
            "latency": None if max_latency is None else duration(max_latency, "--max-latency"),
            "frame_latency": None
            if max_frame_latency is None
            else duration(max_frame_latency, "--max-frame-latency"),
            "memory": max_memory,
        }
        going = started(
            target,
            **common,
            name=name,
            objectives=objective,
            constraints={key: bound for key, bound in bounds.items() if bound is not None} or None,
            data=data,
            samples=samples,
            patience=patience,
            seed=seed,
            put=values_of(sets or []),
        )
    finished = followed(going, duration(budget) if budget else None, trials)
    report(finished, json)
    if finished.stopped == "interrupted":
        raise typer.Exit(130)


def _refuse_changes(options: dict[str, Any]) -> None:
    """A sweep that goes on asks the same question; another question is another sweep."""
    changed = [name for name, value in options.items() if value is not None]
    if changed:
        what = "a resumed sweep keeps what it was started with; leave this out, or start a new sweep"
        raise SpecError([f"{name}: {what}" for name in changed])
