"""One comparison from its arguments to its tables."""

import argparse
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from .pairs import Figures, apart, here, measure
from .parts import bytes_of
from .peaks import Peak, peak, work
from .rows import Row
from .table import differences, ratios, relative, roofline, seconds

__all__ = ["Bench", "Told", "arguments", "compare"]

EQUAL = 1e-4


@dataclass(frozen=True)
class Bench:
    """What is compared: `name` is the package of its sides and sizes, `what` each walk makes.

    checkpoint: a folder and a size's name to the pipeline's own folder, written if it is not there. step: ask
    diffusers' network of a size once, so that its operations are counted.
    """

    name: str
    what: str
    sizes: Mapping[str, Any]
    checkpoint: Callable[[Path, str], Path]
    step: Callable[[Any], object]


@dataclass(frozen=True)
class Told:
    """What the command line says. keep: where checkpoints stay."""

    quick: bool
    rounds: int
    device: str
    keep: Path | None

    def folder(self) -> AbstractContextManager[Any]:
        """Where checkpoints are."""
        return nullcontext(self.keep) if self.keep else TemporaryDirectory()

    @property
    def dtypes(self) -> tuple[str, ...]:
        """A comparison each: on the CPU they are rows of one."""
        return ("",) if self.device == "cpu" else ("float16", "bfloat16")


def arguments(text: str) -> Told:
    """Of a script whose docstring is the text."""
    parser = argparse.ArgumentParser(description=text.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="tiny, one round, one process: does it run?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cpu", action="store_true", help="on the CPU, although there is a GPU")
    parser.add_argument("--keep", type=Path, help="a folder for the checkpoints, to be used again")
    told = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() and not told.cpu else "cpu"
    return Told(told.quick, 1 if told.quick else told.rounds, device, told.keep)


def compare(bench: Bench, size: str, ways: list[Row], told: Told, folder: Path) -> None:
    """One size: all tables."""
    shape = bench.sizes[size]
    warm, where = bench.checkpoint(folder, shape.warm), bench.checkpoint(folder, size)
    asked = {
        "bench": bench.name,
        "size": size,
        "device": told.device,
        "folder": str(where),
        "warm": str(warm),
    }
    found, peaks = [Figures(row) for row in ways], {row.dtype: Peak() for row in ways}
    ask, fastest = (here, partial(peak, repeats=1, side=256)) if told.quick else (apart, peak)
    for number in range(told.rounds):
        for dtype, known in peaks.items():
            peaks[dtype] = known.better(fastest(told.device, _dtype(dtype, told.device)))
        measure(found, number, asked, folder, ask)
    print(f"## {size}: {shape}, {bytes_of(where) / 2**20:.0f} MiB of weights")
    on = torch.cuda.get_device_name() if told.device == "cuda" else f"{torch.get_num_threads()} threads"
    print(f"\n{on}; {told.rounds} rounds.\n")
    named = {each.row.name: each for each in found}
    tables = (
        seconds(named, told.device, bench.what),
        ratios(named, told.device, bench.what),
        differences(named, ways[0].name, bench.what),
        roofline(named, work(lambda: bench.step(shape)), peaks),
    )
    for table in tables:
        print("\n".join(table), end="\n\n", flush=True)
    _require_equal(named)


def _require_equal(found: dict[str, Figures]) -> None:
    """In float32 both sides make the same; else their speed means nothing."""
    for each in found.values():
        for against in each.row.against if each.row.dtype == "float32" else ():
            assert relative(each, found[against]) < EQUAL, f"{each.row.name} is not {against}"


def _dtype(name: str, device: str) -> torch.dtype:
    from diffsmith.engine import dtype_of

    return dtype_of(name, torch.device(device))
