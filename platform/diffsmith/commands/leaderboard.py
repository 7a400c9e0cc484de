"""`diffsmith leaderboard`: the trials of a sweep, best first."""

import csv
import sys
from pathlib import Path
from typing import Annotated

import typer

from . import examples
from .output import Json, print_json
from .sweep_report import summary, table

EXAMPLES = examples(
    "diffsmith leaderboard digits",
    "diffsmith leaderboard digits --csv > trials.csv",
)


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLES)(leaderboard)


def leaderboard(
    sweep: Annotated[str, typer.Argument(help="A sweep's name or folder.")],
    runs: Annotated[Path, typer.Option(help="The folder of all sweeps.")] = Path("runs"),
    top: Annotated[int, typer.Option(min=1, help="How many rows.")] = 20,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print every trial as CSV.")] = False,
    json: Json = False,
) -> None:
    """Show the trials of a sweep, best first."""
    from ..tuner.folders import reopen
    from ..tuner.results.tables import rows

    found = reopen(runs, sweep)
    if json:
        print_json(summary(found))
    elif as_csv:
        trials = rows(found)
        writer = csv.DictWriter(sys.stdout, list(dict.fromkeys(name for row in trials for name in row)))
        writer.writeheader()
        writer.writerows(trials)
    else:
        table(found, top)
