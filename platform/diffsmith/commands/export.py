"""`diffsmith export`: the best pipeline of a sweep as one folder."""

from pathlib import Path
from typing import Annotated

import typer

from . import examples
from .output import Json, print_json

EXAMPLES = examples(
    "diffsmith export digits --out my-digits",
    "diffsmith export digits --trial 7 --out fast-digits",
)


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLES)(export)


def export(
    sweep: Annotated[str, typer.Argument(help="A sweep's name or folder.")],
    out: Annotated[Path, typer.Option(help="The folder to make.")],
    trial: Annotated[int | None, typer.Option(min=0, help="A trial's number, if not the best.")] = None,
    runs: Annotated[Path, typer.Option(help="The folder of all sweeps.")] = Path("runs"),
    json: Json = False,
) -> None:
    """Write a sweep's best pipeline as one folder: spec, weights and model card."""
    from ..errors import SpecError
    from ..export import export as write
    from ..tuner.folders import reopen
    from ..tuner.results.finish import card_facts

    if out.exists():
        raise SpecError([f"--out: {out} exists already; name another folder"])
    found = reopen(runs, sweep)
    chosen = found.best if trial is None else found.leaderboard.trial(trial)
    write(chosen.folder, out, card_facts(found, chosen))
    if json:
        print_json({"folder": out, "trial": chosen.number, "scores": chosen.scores})
    else:
        typer.echo(f"diffsmith generate {out}")
