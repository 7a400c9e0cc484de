"""`diffsmith generate`: samples from a trained pipeline."""

import math
import time
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import SpecError
from . import examples
from .numbers import numbers_of
from .output import Json, print_json
from .overrides import Sets, overridden, put
from .progress import shown
from .recall import recalled
from .sample_files import require_target, write_samples
from .things import completing

if TYPE_CHECKING:
    from ..diffusion.trajectory import Frame
    from ..pipeline import Pipeline
    from ..samples import Sample
    from ..specs import Request

EXAMPLES = examples(
    "diffsmith generate runs/digits --labels 0-9",
    "diffsmith generate runs/digits --labels 3 --seed 0-15 --steps 10 --spacing karras",
    "diffsmith generate runs/digits --seed 0-8 --scheduler ddim --set scheduler.eta=0.5 --out sheet.png",
    "diffsmith generate --from samples/label3-seed0.png",
)


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLES)(generate)


def generate(  # noqa: PLR0913 — a command's options
    spec: Annotated[
        Path | None, typer.Argument(help="A pipeline's YAML file, or the folder training made.")
    ] = None,
    labels: Annotated[str | None, typer.Option(metavar="LIST", help="Classes: 3 or 3,7 or 0-9.")] = None,
    seed: Annotated[
        str | None, typer.Option(metavar="LIST", help="Seeds, one a sample: 5 or 1,2 or 0-3.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Another scheduler.", autocompletion=completing("schedulers"))
    ] = None,
    spacing: Annotated[
        str | None, typer.Option(help="Another spacing.", autocompletion=completing("spacings"))
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Another number of steps.")] = None,
    guidance: Annotated[float | None, typer.Option(help="Another guidance scale.")] = None,
    sets: Sets = None,
    device: Annotated[str | None, typer.Option(help="Where to run: auto, cpu, cuda, mps.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="A folder, or a file (for several samples, a sheet).", show_default="samples/ beside SPEC"
        ),
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="Make the sample in this file again, as it says inside.")
    ] = None,
    json: Json = False,
) -> None:
    """Make samples, a file each and a sheet."""
    values, folder, seeds, classes = _start(spec, source)
    spacing = spacing or _spacing_in(scheduler)
    short = {"scheduler": scheduler, "spacing.name": spacing, "spacing.steps": steps, "engine.device": device}
    values = overridden(_shortly(values, short, guidance), sets or [])
    seeds = seeds if seed is None else numbers_of(seed, "--seed")
    classes = classes if labels is None else numbers_of(labels, "--labels")
    request = _request(classes, seeds)
    pipeline = _pipeline(values, folder, str(source or spec))
    target = require_target(out or folder / "samples", pipeline.modality, len(request.seeds))
    started = time.perf_counter()
    samples = _made(pipeline, request)
    _report(pipeline, write_samples(samples, target), samples, time.perf_counter() - started, json)


_Numbers = tuple[int, ...] | None


def _start(spec: Path | None, source: Path | None) -> tuple[dict[str, Any], Path, _Numbers, _Numbers]:
    """(the spec as written, the folder its weights are relative to, seeds, labels)."""
    from ..documents import read_yaml
    from ..pipeline import SPEC_FILE
    from ..registry import default_registry

    if spec is not None and source is None:
        file = spec / SPEC_FILE if spec.is_dir() else spec
        return read_yaml(file), file.parent, None, None
    if source is not None and spec is None:
        made = recalled(source, default_registry())
        return made.spec, source.parent, (made.seed,), None if made.label is None else (made.label,)
    raise SpecError(["give either SPEC (a YAML file or a folder), or --from with a sample's file"])


def _shortly(values: dict[str, Any], short: dict[str, Any], guidance: float | None) -> dict[str, Any]:
    """The spec with what the short options say."""
    changes = {key: value for key, value in short.items() if value is not None}
    if guidance is not None:
        unguided = values.get("guidance", "none") in ("none", {"name": "none"})
        changes |= {"guidance.name": "cfg"} if unguided else {}
        changes["guidance.scale"] = guidance
    return put(values, changes)


def _spacing_in(scheduler: str | None) -> str | None:
    """The spacing of a name such as "dpm++ 2m karras": typed now, so it goes before the file's."""
    from ..registry import default_registry

    return (default_registry().scheduler(scheduler, "scheduler.name")[1] or None) if scheduler else None


def _request(labels: _Numbers, seeds: _Numbers) -> "Request":
    """One seed and several labels: the seeds count up."""
    from ..pipeline import request_of

    if seeds is not None and len(seeds) == 1:
        return request_of(labels, seeds[0])
    return request_of(labels, seeds=seeds)


def _pipeline(values: dict[str, Any], folder: Path, where: str) -> "Pipeline":
    """The pipeline, its weights named by their whole path, so that a sample tells where they were."""
    from .. import factory
    from ..pipeline import build
    from ..registry import default_registry
    from ..specs import PipelineSpec

    try:
        spec = factory.checked(PipelineSpec, values, default_registry())
        if spec.weights is not None:
            spec = spec.model_copy(update={"weights": str((folder / spec.weights).resolve())})
        return build(spec)
    except SpecError as error:
        raise error.under(where) from None


def _made(pipeline: "Pipeline", request: "Request") -> "list[Sample]":
    samples: list[Sample] = []

    def frames() -> "Generator[Frame, None, None]":
        samples.extend((yield from pipeline.making(request)))

    batches = math.ceil(len(request.seeds) / pipeline.spec.engine.batch)
    total = batches * (len(pipeline.log_snrs) - 1)
    for _ in shown(enumerate(frames(), 1), total, lambda item: (item[0], "")):
        pass
    return samples


def _report(
    pipeline: "Pipeline", files: list[Path], samples: "list[Sample]", seconds: float, json: bool
) -> None:
    if not json:
        typer.echo("\n".join(map(str, files)))
        calls = samples[0].denoiser_calls
        made = "1 sample" if len(samples) == 1 else f"{len(samples)} samples"
        typer.echo(f"{made} in {seconds:.1f} s, {calls} network calls each", err=True)
        return
    told = [
        {"seed": each.seed, "label": each.label, "seconds": each.seconds, "calls": each.denoiser_calls}
        for each in samples
    ]
    print_json({"files": files, "seconds": seconds, "samples": told, "spec": pipeline.spec.to_dict()})
