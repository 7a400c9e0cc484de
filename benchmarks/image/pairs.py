"""All rows in turn, round after round, each in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from safetensors.torch import load_file
from torch import Tensor

from .rows import Row

__all__ = ["Figures", "measured"]

_HERE = Path(__file__).parents[1]


@dataclass
class Figures:
    """What the processes of one row told, a value a round."""

    row: Row
    imports: list[float] = field(default_factory=list)
    load: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    step: list[float] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)
    made: dict[str, Tensor] = field(default_factory=dict)

    def add(self, told: dict[str, Any]) -> None:
        """Those of one more round."""
        self.imports.append(told["imports"])
        self.load.append(told["load"])
        self.first.append(told["first"])
        self.step.append(median(told["steps"]))

    def ratio(self, what: str, other: "Figures") -> float:
        """The median of the pairs."""
        return median(a / b for a, b in zip(getattr(self, what), getattr(other, what), strict=True))


def measured(rows: list[Row], rounds: int, told: dict[str, Any], folder: Path) -> dict[str, Figures]:
    """The figures of each row, by its name: memory once, the times in every round."""
    found = {row.name: Figures(row) for row in rows}
    for number, (row, memory) in enumerate(_turns(rows, rounds), 1):
        print(f"\r{number} of {len(rows) * (rounds + 1)}", end="", file=sys.stderr, flush=True)
        out = folder / "made.safetensors"
        answer = _asked({**told, "row": asdict(row), "memory": memory, "out": str(out)})
        if memory:
            found[row.name].memory = answer
        else:
            found[row.name].add(answer)
            found[row.name].made = load_file(out)
    print(file=sys.stderr)
    return found


def _turns(rows: list[Row], rounds: int) -> Iterator[tuple[Row, bool]]:
    """Every other round backwards, so that nobody always comes after the same one."""
    yield from ((row, True) for row in rows)
    for number in range(rounds):
        yield from ((row, False) for row in (rows[::-1] if number % 2 else rows))


def _asked(told: dict[str, Any]) -> dict[str, Any]:
    paths = os.pathsep.join([str(_HERE), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "image.one", json.dumps(told)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{told['row']['name']}: {done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
