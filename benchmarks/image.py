"""Image pipelines against diffusers: load, first picture, a step, peak memory.

The same weights, and equal output. Every figure comes from a process of its own, ours and theirs in
turn. On a CPU the pipeline is shaped as Stable Diffusion 1.5, half as wide; on a GPU it is that and SDXL at
full size. Weights are random.

PYTHONPATH=platform:plugins:. python benchmarks/image.py [--quick] [--rounds 3] [--keep FOLDER]
"""

import argparse
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from image.checkpoints import bytes_of, checkpoint
from image.pairs import Figures, measure
from image.peaks import Peak, peak, work
from image.rows import Row, rows
from image.sizes import SIZES
from image.table import differences, ratios, relative, roofline, seconds

EQUAL = 1e-4


def main() -> None:
    """Make the checkpoints, measure, print."""
    told = _arguments()
    device = "cuda" if torch.cuda.is_available() and not told.cpu else "cpu"
    sizes = ["tiny"] if told.quick else ["narrow"] if device == "cpu" else ["sd15", "sdxl"]
    with nullcontext(told.keep) if told.keep else TemporaryDirectory() as kept:
        folder = Path(kept)
        for size in sizes:
            for dtype in ("",) if device == "cpu" else ("float16", "bfloat16"):
                compare(size, rows(device, dtype), device, told, folder)


def compare(size: str, ways: list[Row], device: str, told: Any, folder: Path) -> None:
    """One size: all tables."""
    warm, where = checkpoint(folder, "tiny"), checkpoint(folder, size)
    asked = {"size": size, "device": device, "folder": str(where), "warm": str(warm)}
    found, peaks = [Figures(row) for row in ways], {row.dtype: Peak() for row in ways}
    for number in range(told.rounds):
        peaks = {dtype: known.better(peak(device, _dtype(dtype, device))) for dtype, known in peaks.items()}
        measure(found, number, asked, folder)
    shape, named = SIZES[size], {each.row.name: each for each in found}
    print(
        f"## {size}: {shape.side} pixels, {shape.steps} steps, {bytes_of(where) / 2**20:.0f} MiB of weights"
    )
    on = torch.cuda.get_device_name() if device == "cuda" else f"{torch.get_num_threads()} threads"
    print(f"\n{on}; {told.rounds} rounds.\n")
    tables = (
        seconds(named, device),
        ratios(named, device),
        differences(named, ways[0].name),
        roofline(named, work(shape), peaks),
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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tiny pipeline, one round: does it run?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cpu", action="store_true", help="on the CPU, although there is a GPU")
    parser.add_argument("--keep", type=Path, help="a folder for the checkpoints, to be used again")
    told = parser.parse_args()
    told.rounds = 1 if told.quick else told.rounds
    return told


if __name__ == "__main__":
    main()
