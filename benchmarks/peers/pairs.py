"""All rows in turn, round after round, each in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import mean
from time import time
from typing import Any

from safetensors.torch import load_file
from torch import Tensor

from .rows import Row

__all__ = ["Ask", "Figures", "apart", "here", "measure"]

Ask = Callable[[dict[str, Any]], dict[str, Any]]
"""What is told to `one` -> its figures."""

PERIOD = 3  # steps that are averaged: one whole period of what is kept across steps
_HERE = Path(__file__).parents[1]


@dataclass
class Figures:
    """What the processes of one row told, one a round, and what they made."""

    row: Row
    told: list[dict[str, float]] = field(default_factory=list)
    made: dict[str, Tensor] = field(default_factory=dict)

    def of(self, what: str) -> float:
        """The least of the rounds: "imports", "load", "first", "step" ... in seconds, "resident" ... in MiB.

        What other rounds add is the machine's other work.
        """
        return min(each[what] for each in self.told)


def measure(found: list[Figures], number: int, told: dict[str, Any], folder: Path, ask: Ask) -> None:
    """One round; every other one backwards, so that nobody always comes after the same one."""
    out = folder / "made.safetensors"
    for each in found[::-1] if number % 2 else found:
        print(f"\rround {number + 1}: {each.row.name:50}", end="", file=sys.stderr, flush=True)
        answer = ask({**told, "row": asdict(each.row), "out": str(out), "began": time()})
        each.told.append({**answer, "step": mean(answer.pop("steps")[-PERIOD:])})
        each.made = {name: tensor.clone() for name, tensor in load_file(out).items()}
    print(file=sys.stderr)


def here(told: dict[str, Any]) -> dict[str, Any]:
    """In this process: whether it runs, for its figures mean little."""
    from .one import figures

    return figures(told)


def apart(told: dict[str, Any], module: str = "peers.one") -> dict[str, Any]:
    """In a process of its own."""
    paths = os.pathsep.join([str(_HERE), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", module, json.dumps(told)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{told['row']['name']}: {done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
