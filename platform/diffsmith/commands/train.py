"""`diffsmith train`: a network from data, by a spec, from noise or from published weights."""

import shlex
import time
from collections.abc import Iterator
from itertools import chain, groupby
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
    from ..specs import TrainSpec
    from ..training.fit import Prepared, Step

EXAMPLES = examples(
    "diffsmith train unet --data digits --out runs/digits",
    "diffsmith train spec.yaml --out runs/mine --set train.steps=5000 --set train.lr=0.001",
    "diffsmith train sd15 --data folder --set data.path=pictures --set data.size=512 --out runs/mine",
    "diffsmith train svd --data clips --set data.path=clips --set data.size=[256,448] --out runs/svd",
)

_GENTLE = {"lr": 1e-5, "batch": 4}
"""For a network that has weights: at higher rates it forgets what it knew, and more pictures seldom fit."""


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLES)(train)


def train(
    spec: Annotated[
        str,
        typer.Argument(
            help="A training spec's YAML file, a model's name, or to finetune what `generate` takes: a "
            "folder, a file of weights, owner/name.",
            autocompletion=completing("models"),
        ),
    ],
    out: Annotated[Path, typer.Option(help="The folder of the checkpoints and of the trained pipeline.")],
    data: Annotated[
        str | None, typer.Option(help="A data set's name.", autocompletion=completing("datasets"))
    ] = None,
    sets: Sets = None,
    json: Json = False,
) -> None:
    """Train a network on data, from noise or from its weights.

    Checkpoints are kept on the way: when it was stopped, the same command goes on from the last one.
    """
    from .. import factory
    from ..registry import default_registry
    from ..specs import TrainSpec
    from ..training.fit import fitting

    checked = factory.checked(TrainSpec, overridden(_written(spec, data), sets or []), default_registry())
    if "weights" in checked.model_fields_set:
        gentle = ", ".join(f"train.{name}={getattr(checked.train, name)}" for name in _GENTLE)
        typer.echo(f"Finetuning with {gentle}.", err=True)
    started, last = time.perf_counter(), None
    try:
        for event in _followed(fitting(checked, out)):
            last = event
    except KeyboardInterrupt:
        typer.echo(_stopped(out), err=True)
        raise typer.Exit(130) from None
    _report(out, checked, last, time.perf_counter() - started, json)


def _written(source: str, data: str | None) -> dict[str, Any]:
    """The training spec of that file, or the plainest one of that model; a gentle one, if it has weights."""
    from ..pipeline.building import located, written
    from ..registry import default_registry

    values = located(*written(source, default_registry()))
    begun = bool(values.get("weights"))
    if data is None and "data" not in values:
        words = _EXAMPLE_DATA[_modality(values), begun]
        raise SpecError([f"--data: missing. `diffsmith train {source} --data {words}"])
    if begun and "train" not in values:
        values["train"] = dict(_GENTLE)
    return values if data is None else {**values, "data": data}


_EXAMPLE_DATA = {
    ("image", False): "digits` trains on digits",
    ("image", True): "folder --set data.path=pictures` trains on pictures",
    ("video", False): "moving_digits` trains on digits that move",
    ("video", True): "clips --set data.path=clips` trains on clips",
}
"""By modality, and by whether the network has weights."""


def _modality(values: dict[str, Any]) -> str:
    from .. import factory
    from ..registry import default_registry
    from ..specs import ModelSpec, parse

    return factory.card_of(parse(ModelSpec, values.get("model") or {}, "model"), default_registry()).modality


def _followed(events: "Iterator[Prepared | Step]") -> "Iterator[Prepared | Step]":
    """The events, each kind with progress of its own."""
    for what, some in groupby(events, key=_what):
        yield from _shown(some, what)


def _shown(some: "Iterator[Prepared | Step]", what: str) -> "Iterator[Prepared | Step]":
    first = next(some)
    tell = _told if not what else lambda event: (event.number, what)
    return shown(chain([first], some), first.of, tell)


def _what(event: "Prepared | Step") -> str:
    """What is prepared; nothing, for a step."""
    return getattr(event, "what", "")


def _told(step: Any) -> tuple[int, str]:
    return step.number, f"loss {step.loss:.4f}, {1 / max(step.seconds, 1e-9):.1f} steps/s"


def _stopped(out: Path) -> str:
    kept = [int(path.name.removeprefix("step-")) for path in (out / "checkpoints").glob("step-*")]
    return f"Stopped. The same command goes on from step {max(kept, default=0)}."


def _report(out: Path, spec: "TrainSpec", last: "Prepared | Step | None", seconds: float, json: bool) -> None:
    from .. import factory
    from ..registry import default_registry

    words = (TOLD[what] for what in factory.reads(spec, default_registry()))
    command = " ".join(["diffsmith generate", shlex.quote(str(out)), *words])
    if json:
        loss = getattr(last, "loss", None)
        print_json({"folder": out, "loss": loss, "seconds": seconds, "generate": command})
    else:
        typer.echo(f"Trained in {seconds:.1f} s. Now:", err=True)
        typer.echo(command)


TOLD = {"text": '"a prompt"', "picture": "--image picture.png"}
"""What the trained pipeline is asked with, by what it reads."""
