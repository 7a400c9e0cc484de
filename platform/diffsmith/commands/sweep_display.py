"""A sweep as it runs, on stderr: a live board on a terminal, a line a trial elsewhere."""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import typer

from .sweep_words import best_so_far, ended

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..tuner.records import Sweep, Trial
    from ..tuner.run import Happened

__all__ = ["followed"]


def followed(going: "Generator[Happened, None, Sweep]", seconds: float | None, trials: int | None) -> "Sweep":
    """Run the sweep to its end, showing what happens."""
    from rich.console import Console

    console = Console(stderr=True)
    typer.echo("Preparing: data, judge, tracking ...", err=True)
    if not console.is_terminal:
        return _drained(going, _told)
    from rich.live import Live

    board = _Board(seconds, trials)
    with Live(console=console, refresh_per_second=8, get_renderable=board.drawn) as live:
        return _drained(going, lambda happened: board.heard(happened, live.console.print))


def _drained(going: "Generator[Happened, None, Sweep]", heard: "Callable[[Happened], None]") -> "Sweep":
    while True:
        try:
            happened = next(going)
        except StopIteration as done:
            sweep: Sweep = done.value
            return sweep
        heard(happened)


def _told(happened: "Happened") -> None:
    """One line for each trial that ended."""
    from ..tuner.records import Trial

    if isinstance(happened, Trial) and happened.state != "running":
        typer.echo(ended(happened), err=True)


@dataclass
class _Board:
    """What is under way, how long there is left, and the best so far."""

    seconds: float | None
    trials: int | None
    sweep: "Sweep | None" = None
    made: int = 0
    running: dict[int, tuple[int, int]] = field(default_factory=dict)
    started: float = 0.0

    def heard(self, happened: "Happened", say: Callable[[str], None]) -> None:
        from ..tuner.records import Sweep, Trial
        from ..tuner.trials.jobs import Stepped

        if isinstance(happened, Sweep):
            self.sweep = happened
        elif isinstance(happened, Trial):
            self.started = self.started or time.monotonic()
            self._trial(happened, say)
        elif isinstance(happened, Stepped) and happened.number in self.running:
            self.running[happened.number] = (happened.step, happened.of)

    def drawn(self) -> "RenderableType":
        from rich.console import Group
        from rich.table import Table

        grid = Table.grid(padding=(0, 2))
        for number, (step, of) in self.running.items():
            grid.add_row(f"trial {number}", _bar(step, of), f"step {step}/{of}" if of else "starting")
        return Group(self._clock(), best_so_far(self.sweep), grid)

    def _trial(self, trial: "Trial", say: Callable[[str], None]) -> None:
        if trial.state == "running":
            self.running[trial.number] = (0, 0)
            return
        self.running.pop(trial.number, None)
        self.made += 1
        if self.sweep is not None:
            self.sweep = replace(self.sweep, trials=(*self.sweep.trials, trial))
        say(ended(trial))

    def _clock(self) -> "RenderableType":
        from rich.columns import Columns

        spent = time.monotonic() - self.started if self.started else 0.0
        if self.seconds is not None:
            left = max(0.0, self.seconds - spent)
            return Columns([_bar(spent, self.seconds), f"{_clock(left)} left, {self.made} trials"])
        if self.trials is not None:
            return Columns(
                [_bar(self.made, self.trials), f"{self.made}/{self.trials} trials, {_clock(spent)}"]
            )
        return Columns([f"{self.made} trials, {_clock(spent)}; Ctrl-C stops"])


def _bar(done: float, of: float) -> "RenderableType":
    from rich.progress_bar import ProgressBar

    return ProgressBar(total=of or 1, completed=min(done, of), width=32)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
