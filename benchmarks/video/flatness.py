"""The memory of decoding as clips get longer, two frames at a time: one process a figure.

python -m video.flatness '{"row": {...}, "size": "svd_narrow", "device": "cpu", "folder": ..., "frames": 8}'
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from peers.comparing import Told
from peers.meters import Memory
from peers.pairs import apart
from peers.rows import Row

from .sides import SIDES
from .sizes import SIZES

__all__ = ["figures", "flatness"]

FRAMES = (4, 8, 16, 32)
_TWO = {"decode_frames": 2}


def flatness(sizes: list[str], told: Told, folder: Path) -> Iterator[str]:
    """A table: a line for each autoencoder and side, the peaks, and the last over the first.

    What is made stands beside its own peak: uint8 of ours, float32 of diffusers.
    """
    dtype = "float32" if told.device == "cpu" else "float16"
    ask, counts = (figures, FRAMES[:2]) if told.quick else (partial(apart, module="video.flatness"), FRAMES)
    heads = " | ".join(f"{frames} frames" for frames in counts)
    yield f"| decoded two at a time, {dtype}; above the weights, MiB | {heads} | beside the clip |"
    yield "|---" * (len(counts) + 2) + "|"
    for size in sizes:
        for row in (Row("diffusers", "theirs", dtype, _TWO), Row("ours", "ours", dtype, _TWO)):
            asked = {"row": asdict(row), "size": size, "device": told.device, "folder": str(folder / size)}
            found = [ask({**asked, "frames": frames}) for frames in counts]
            peaks = (f"{each['peak']:.0f}, clip {each['clip']:.1f}" for each in found)
            first, *_, last = (max(each["peak"] - each["clip"], 1.0) for each in found)
            yield f"| {size}, {row.name} | {' | '.join(peaks)} | {last / first:.2f} |"


def figures(told: dict[str, Any]) -> dict[str, float]:
    """The most memory that decoding so many frames took, and the clip that it gave, in MiB."""
    size, row, device = SIZES[told["size"]], Row(**told["row"]), told["device"]
    loaded = SIDES[row.side](Path(told["folder"]), size, row, device)
    channels, _, *sides = size.latent
    loaded.decode(torch.randn(1, channels, 2, *sides))  # weights are read, and packed
    memory, latents = Memory(), torch.randn(1, channels, told["frames"], *sides)
    clip = loaded.decode(latents)
    peak = memory.taken()["resident" if device == "cpu" else "device"]
    return {"peak": peak, "clip": clip.nbytes / 2**20 if device == "cpu" else 0.0}


if __name__ == "__main__":
    print(json.dumps(figures(json.loads(sys.argv[1]))))
