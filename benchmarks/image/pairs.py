"""All rows in turn, round after round, each in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from time import time
from typing import Any

from safetensors.torch import load_file
from torch import Tensor

from .rows import Row

__all__ = ["Figures", "measured"]

_HERE = Path(__file__).parents[1]


@dataclass
class Figures:
    """What the processes of one row told, a value a round, and what they made."""

    row: Row
    told: list[dict[str, float]] = field(default_factory=list)
    made: dict[str, Tensor] = field(default_factory=dict)

    def of(self, what: str) -> float:
        """The median of the rounds: "imports", "load", "first", "step" in seconds, "resident" ... in MiB."""
        return median(each[what] for each in self.told)

    def best(self, what: str) -> float:
        """The least of the rounds."""
        return min(each[what] for each in self.told)

    def ratio(self, what: str, other: "Figures") -> float:
        """The median of the rounds' ratios: what slows a whole round slows both."""
        return median(a[what] / b[what] for a, b in zip(self.told, other.told, strict=True))


def measured(rows: list[Row], rounds: int, told: dict[str, Any], folder: Path) -> dict[str, Figures]:
    """The figures of each row, by its name."""
    found = {row.name: Figures(row) for row in rows}
    out = folder / "made.safetensors"
    for number, row in enumerate(_turns(rows, rounds), 1):
        print(f"\r{number} of {len(rows) * rounds}", end="", file=sys.stderr, flush=True)
        answer = _asked({**told, "row": asdict(row), "out": str(out)})
        found[row.name].told.append({**answer, "step": median(answer.pop("steps"))})
        found[row.name].made = load_file(out)
    print(file=sys.stderr)
    return found


def _turns(rows: list[Row], rounds: int) -> Iterator[Row]:
    """Every other round backwards, so that nobody always comes after the same one."""
    for number in range(rounds):
        yield from rows[::-1] if number % 2 else rows


def _asked(told: dict[str, Any]) -> dict[str, Any]:
    paths = os.pathsep.join([str(_HERE), os.environ.get("PYTHONPATH", "")])
    asked = json.dumps({**told, "began": time()})
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "image.one", asked],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{told['row']['name']}: {done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
