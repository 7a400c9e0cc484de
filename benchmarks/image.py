"""Image pipelines against diffusers: load, first picture, a step, peak memory.

The same weights, and equal output. Every figure comes from a process of its own, ours and theirs in
turn. On a CPU the pipeline is shaped as Stable Diffusion 1.5, half as wide; on a GPU it is that and SDXL at
full size. Weights are random.

PYTHONPATH=platform:plugins:. python benchmarks/image.py [--quick] [--rounds 3] [--keep FOLDER]
"""

from pathlib import Path

from image.checkpoints import checkpoint, step
from image.sizes import SIZES
from peers.comparing import Bench, arguments, compare
from peers.rows import LAYOUTS, rows

BENCH = Bench("image", "picture", SIZES, checkpoint, step)


def main() -> None:
    """Make the checkpoints, measure, print."""
    told = arguments(__doc__)
    sizes = ["tiny"] if told.quick else ["narrow"] if told.device == "cpu" else ["sd15", "sdxl"]
    with told.folder() as folder:
        for size in sizes:
            for dtype in told.dtypes:
                compare(BENCH, size, rows(LAYOUTS, told.device, dtype), told, Path(folder))


if __name__ == "__main__":
    main()
