"""`diffsmith generate`: samples from a pipeline."""

import time
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import examples
from .beginning import built, requested, sensible, started
from .memory import remembering_memory
from .numbers import numbers_of
from .output import Json, print_json
from .overrides import Sets, overridden, values_of
from .previews import previewed, require_preview
from .progress import shown
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
    'diffsmith generate sdxl "a red cube on a table" --steps 20 --scheduler dpmpp_2m --seed 0-3 --out out',
    'diffsmith generate model.safetensors "a lake" --image sketch.png --strength 0.6',
    "diffsmith generate svd --image photo.png --frames 25 --fps 7 --motion 127 --out clip.mp4",
    'diffsmith generate animatediff_v2 "a boat at sea" --frames 48 --loop --out clip.gif',
    "diffsmith generate --from samples/label3-seed0.png",
)


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLES)(generate)


def generate(  # noqa: PLR0913 — a command's options
    spec: Annotated[
        str | None,
        typer.Argument(
            help="A pipeline's folder or YAML file, a file of weights, a model's name, or owner/name.",
            autocompletion=completing("models"),
        ),
    ] = None,
    prompt: Annotated[str | None, typer.Argument(help="What to make, where the model reads text.")] = None,
    negative: Annotated[str | None, typer.Option(help="What not to make.")] = None,
    labels: Annotated[str | None, typer.Option(metavar="LIST", help="Classes: 3 or 3,7 or 0-9.")] = None,
    seed: Annotated[
        str | None, typer.Option(metavar="LIST", help="Seeds, one a sample: 5 or 1,2 or 0-3.")
    ] = None,
    size: Annotated[str | None, typer.Option(metavar="WxH", help="Width and height in pixels.")] = None,
    image: Annotated[Path | None, typer.Option(help="A picture to begin from, or to set in motion.")] = None,
    mask: Annotated[
        Path | None, typer.Option(help="A picture that is white where the first is made anew.")
    ] = None,
    strength: Annotated[
        float | None, typer.Option(help="How far from the picture or clip: 0 to 1.", show_default="1")
    ] = None,
    fit: Annotated[
        str | None,
        typer.Option(help="How a picture of another shape is made to fit: crop, pad, stretch."),
    ] = None,
    frames: Annotated[int | None, typer.Option(help="Frames of a clip.")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second.")] = None,
    motion: Annotated[
        float | None, typer.Option(help="How much moves, where the model is told: SVD's 127.")
    ] = None,
    video: Annotated[Path | None, typer.Option(help="A clip to begin from.")] = None,
    between: Annotated[
        list[Path] | None, typer.Option(help="Pictures to go through, from first to last; twice or more.")
    ] = None,
    extend: Annotated[Path | None, typer.Option(help="A clip to go on from.")] = None,
    keep: Annotated[
        int | None, typer.Option(help="How many of its last frames are looked at.", show_default="4")
    ] = None,
    window: Annotated[
        int | None, typer.Option(help="Frames that the network sees at once of a longer clip.")
    ] = None,
    loop: Annotated[bool, typer.Option("--loop", help="End where the clip begins.")] = False,
    scheduler: Annotated[
        str | None, typer.Option(help="Another scheduler.", autocompletion=completing("schedulers"))
    ] = None,
    spacing: Annotated[
        str | None, typer.Option(help="Another spacing.", autocompletion=completing("spacings"))
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Another number of steps.")] = None,
    guidance: Annotated[float | None, typer.Option(help="Another guidance scale.")] = None,
    refiner: Annotated[
        str | None, typer.Option(help="A pipeline for the cleanest fifth of the walk, as sdxl_refiner.")
    ] = None,
    adapter: Annotated[
        list[str] | None,
        typer.Option(help="Weights that go into the network's: a motion adapter, a LoRA; more than once."),
    ] = None,
    sets: Sets = None,
    device: Annotated[str | None, typer.Option(help="Where to run: auto, cpu, cuda, mps.")] = None,
    preview: Annotated[
        Path | None, typer.Option(help="A picture that shows the samples while they are made.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="A folder, or a file (for several samples, a sheet).",
            show_default="samples/ beside SPEC's file, or here",
        ),
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="Make the sample in this file again, as it says inside.")
    ] = None,
    json: Json = False,
) -> None:
    """Make samples, a file each and a sheet."""
    begun = started(spec, source, values_of(sets or []).get("variant"))
    for each in adapter or ():
        begun = begun.adapted(each)
    changes = {
        "scheduler": scheduler,
        "spacing": spacing,
        "steps": steps,
        "guidance": guidance,
        "device": device,
        "refiner": refiner,
        "motion": motion,
        "window": window,
        "loop": loop or None,
    }
    begun = begun._replace(values=overridden(begun.changed(changes), sets or []))
    given = {
        "prompts": None if prompt is None else (prompt,),
        "negatives": None if negative is None else (negative,),
        "labels": None if labels is None else numbers_of(labels, "--labels"),
        "seeds": None if seed is None else numbers_of(seed, "--seed"),
        "size": size,
        "strength": strength,
        "fit": fit,
        "frames": frames,
        "fps": fps,
        "keep": keep,
        "between": [str(path.resolve()) for path in between] if between else None,
        **{
            name: str(path.resolve())
            for name, path in {"image": image, "mask": mask, "video": video, "extend": extend}.items()
            if path is not None
        },
    }
    request = requested(begun, given)
    checked, modality = sensible(begun, request)
    target = require_target(out or begun.folder / "samples", modality, len(request.seeds))
    if preview is not None:
        require_preview(preview, modality)
    pipeline = built(checked, begun.where)
    for note in pipeline.notes if begun.recognised else ():
        typer.echo(f"Note: {note}", err=True)
    clock = time.perf_counter()
    with remembering_memory(pipeline, request):
        samples = _made(pipeline, request, preview)
    _report(pipeline, write_samples(samples, target), samples, time.perf_counter() - clock, json)


def _made(pipeline: "Pipeline", request: "Request", preview: Path | None) -> "list[Sample]":
    samples: list[Sample] = []

    def frames() -> "Generator[Frame, None, None]":
        samples.extend((yield from pipeline.making(request)))

    walked = frames() if preview is None else previewed(frames(), pipeline, request, preview)
    for _ in shown(enumerate(walked, 1), pipeline.steps(request), lambda item: (item[0], "")):
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
