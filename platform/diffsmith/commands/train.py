"""`diffsmith train`: a network from data, by a spec."""

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import SpecError
from . import examples
from .output import Json, print_json
from .overrides import Sets, overridden
from .progress import shown
from .things import completing

if TYPE_CHECKING:
    from ..training.fit import Step

EXAMPLES = examples(
    "diffsmith train unet --data digits --out runs/digits",
    "diffsmith train spec.yaml --out runs/mine --set train.steps=5000 --set train.lr=0.001",
)


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLES)(train)


def train(
    spec: Annotated[
        str,
        typer.Argument(
            help="A training spec's YAML file, or a model's name.", autocompletion=completing("models")
        ),
    ],
    out: Annotated[Path, typer.Option(help="The folder of the checkpoints and of the trained pipeline.")],
    data: Annotated[
        str | None, typer.Option(help="A data set's name.", autocompletion=completing("datasets"))
    ] = None,
    sets: Sets = None,
    json: Json = False,
) -> None:
    """Train a network on data.

    Checkpoints are kept on the way: when it was stopped, the same command goes on from the last one.
    """
    from .. import factory
    from ..registry import default_registry
    from ..specs import TrainSpec
    from ..training.fit import fit

    checked = factory.checked(TrainSpec, overridden(_written(spec, data), sets or []), default_registry())
    started, last = time.perf_counter(), None
    try:
        for step in shown(fit(checked, out), checked.train.steps, _tell):
            last = step
    except KeyboardInterrupt:
        typer.echo(_stopped(out), err=True)
        raise typer.Exit(130) from None
    _report(out, last, time.perf_counter() - started, json)


def _written(spec: str, data: str | None) -> dict[str, Any]:
    """The spec of that file, or the plainest one of that model."""
    from ..documents import read_yaml

    is_file = spec.endswith((".yaml", ".yml")) or Path(spec).is_file()
    if not is_file and data is None:
        raise SpecError([f"--data: missing. `diffsmith train {spec} --data digits` trains on digits"])
    values = read_yaml(Path(spec)) if is_file else {"model": spec}
    return values if data is None else {**values, "data": data}


def _tell(step: "Step") -> tuple[int, str]:
    return step.number, f"loss {step.loss:.4f}, {1 / max(step.seconds, 1e-9):.1f} steps/s"


def _stopped(out: Path) -> str:
    kept = [int(path.name.removeprefix("step-")) for path in (out / "checkpoints").glob("step-*")]
    return f"Stopped. The same command goes on from step {max(kept, default=0)}."


def _report(out: Path, last: "Step | None", seconds: float, json: bool) -> None:
    command = f"diffsmith generate {shlex.quote(str(out))}"
    if json:
        loss = None if last is None else last.loss
        print_json({"folder": out, "loss": loss, "seconds": seconds, "generate": command})
    else:
        typer.echo(f"Trained in {seconds:.1f} s. Now:", err=True)
        typer.echo(command)
