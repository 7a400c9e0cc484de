"""Progress of long work, on stderr: a bar on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import typer

__all__ = ["shown"]

T = TypeVar("T")
Tell = Callable[[T], tuple[int, str]]
"""How far the work has come with this item, and what else to say."""

_SECONDS_A_LINE = 10.0


def shown(work: Iterable[T], total: int, tell: Tell[T]) -> Iterator[T]:
    """The work itself, item by item, while its progress is shown."""
    from rich.console import Console

    follow = _barred if Console(stderr=True).is_terminal else _logged
    return follow(work, total, tell)


def _barred(work: Iterable[T], total: int, tell: Tell[T]) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total)
        for item in work:
            done, words = tell(item)
            bar.update(task, completed=done, description=words)
            yield item
        bar.update(task, completed=total)


def _logged(work: Iterable[T], total: int, tell: Tell[T]) -> Iterator[T]:
    said = time.monotonic()
    for item in work:
        if time.monotonic() - said > _SECONDS_A_LINE:
            said = time.monotonic()
            done, words = tell(item)
            typer.echo(f"{done}/{total} {words}", err=True)
        yield item
