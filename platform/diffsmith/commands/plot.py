"""`diffsmith plot`: pictures of spacings and of schedulers."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import SpecError
from ..registry import Registry, default_registry
from . import examples
from .output import Json, print_json
from .things import completing

if TYPE_CHECKING:
    from ..diffusion.schedules import NoiseSchedule

EXAMPLES = examples(
    "diffsmith plot spacings",
    "diffsmith plot spacings karras beta --schedule flow --steps 12 --out spacings.svg",
    "diffsmith plot trajectories euler dpmpp_2m euler_ancestral --steps 10",
)
_SUFFIXES = (".png", ".svg")
_MOST = 9
_SPACINGS = ("trailing", "karras", "exponential", "beta", "shifted")
_SCHEDULERS = ("euler", "dpmpp_2m", "euler_ancestral")

Schedule = Annotated[str, typer.Option(help="A noise schedule.", autocompletion=completing("schedules"))]
Steps = Annotated[int, typer.Option(help="How many steps.")]
Out = Annotated[Path | None, typer.Option(help="The picture to write, .png or .svg.", show_default=False)]


def add(app: typer.Typer) -> None:
    """Add the command and its subcommands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.callback(epilog=EXAMPLES)(plot)
    group.command(epilog=EXAMPLES)(spacings)
    group.command(epilog=EXAMPLES)(trajectories)
    app.add_typer(group, name="plot")


def plot() -> None:
    """Draw which noise levels spacings visit, or which ways schedulers go."""


def spacings(
    names: Annotated[
        list[str] | None, typer.Argument(help="Spacings.", autocompletion=completing("spacings"))
    ] = None,
    schedule: Schedule = "vp",
    steps: Steps = 20,
    out: Out = None,
    json: Json = False,
) -> None:
    """Draw the noise level by step, a line a spacing."""
    from ..plots import grids, plot_spacings

    registry, target = default_registry(), _target(out, "spacings")
    known, on = _schedule(schedule, registry)
    cards = [registry.get("spacings", name, "spacing") for name in _few(names or _SPACINGS)]
    drawn = grids([card.name for card in cards], known, steps, registry)
    plot_spacings(drawn, known, target, f"Noise level by step: {_counted(steps)} on the {on} schedule")
    _tell(target, json)


def trajectories(
    names: Annotated[
        list[str] | None, typer.Argument(help="Schedulers.", autocompletion=completing("schedulers"))
    ] = None,
    schedule: Schedule = "vp",
    spacing: Annotated[
        str | None, typer.Option(help="A spacing.", autocompletion=completing("spacings"))
    ] = None,
    steps: Steps = 10,
    samples: Annotated[int, typer.Option(min=1, max=1000, help="How many samples.")] = 200,
    out: Out = None,
    json: Json = False,
) -> None:
    """Draw the ways of samples to a mixture of three Gaussians, a panel a scheduler.

    The answers on the way are exact, so that all one sees is the scheduler's own.
    """
    from ..plots import plot_trajectories, walked
    from ..specs import SpacingSpec, parse
    from ..testing import three_blobs

    registry, target = default_registry(), _target(out, "trajectories")
    known, on = _schedule(schedule, registry)
    chosen = parse(SpacingSpec, {"steps": steps, **({"name": spacing} if spacing else {})}, "spacing")
    cards = {name: registry.scheduler(name, "scheduler")[0] for name in _few(names or _SCHEDULERS)}
    ways = {
        name if registry.scheduler(name)[1] else card.name: walked(
            name, three_blobs(), known, chosen, range(samples), registry
        )
        for name, card in cards.items()
    }
    title = f"From noise to three Gaussians in {_counted(steps)} on the {on} schedule"
    plot_trajectories(ways, three_blobs(), target, title)
    _tell(target, json)


def _schedule(name: str, registry: Registry) -> "tuple[NoiseSchedule, str]":
    from ..specs import Choice

    card = registry.get("schedules", name, "--schedule")
    return registry.bind("schedules", Choice(name=card.name), "--schedule")(), card.name


def _few(names: Sequence[str]) -> Sequence[str]:
    if len(names) > _MOST:
        raise SpecError([f"{len(names)} names are too many for one picture; give at most {_MOST}"])
    return names


def _target(out: Path | None, name: str) -> Path:
    target = out or Path(f"{name}.png")
    if target.suffix.lower() not in _SUFFIXES:
        raise SpecError([f"--out {target}: a picture is a file of {' or '.join(_SUFFIXES)}"])
    return target


def _tell(target: Path, json: bool) -> None:
    if json:
        print_json({"file": target})
    else:
        typer.echo(target)


def _counted(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps} steps"
