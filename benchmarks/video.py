"""Pipelines of clips against diffusers: load, first clip, a step, decoding, peak memory.

The same weights, and equal output. Every figure comes from a process of its own, ours and theirs in turn.
On a CPU the pipelines are Stable Video Diffusion and AnimateDiff half as wide; on a GPU they are of full
size. Weights are random. Then the memory of decoding, two frames at a time, as clips get longer.

PYTHONPATH=platform:plugins:. python benchmarks/video.py [--quick] [--rounds 3] [--keep FOLDER]
"""

from pathlib import Path

from peers.comparing import Bench, arguments, compare
from peers.rows import BRIEF, rows
from video.checkpoints import checkpoint, step
from video.flatness import flatness
from video.sizes import SIZES

BENCH = Bench("video", "clip", SIZES, checkpoint, step)
KINDS = ("svd", "animatediff")


def main() -> None:
    """Make the checkpoints, measure, print."""
    told = arguments(__doc__)
    suffix = "_tiny" if told.quick else "_narrow" if told.device == "cpu" else ""
    with told.folder() as folder:
        for size in (kind + suffix for kind in KINDS):
            for dtype in told.dtypes:
                compare(BENCH, size, rows(BRIEF, told.device, dtype), told, Path(folder))
        print("\n".join(flatness([kind + suffix for kind in KINDS], told, Path(folder))))


if __name__ == "__main__":
    main()
