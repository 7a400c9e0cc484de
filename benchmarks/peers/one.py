"""One process, one side, one way to run: its figures as a line of JSON, what it made as a file.

python -m peers.one '{"bench": "image", "row": {...}, "size": "narrow", "device": "cpu", "folder": ..., ...}'

bench: the package whose SIDES load its SIZES. warm: the size that is walked first.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from time import time
from typing import Any

from safetensors.torch import save_file

from .meters import Memory, Steps, now
from .rows import Row

__all__ = ["figures"]


def figures(told: dict[str, Any]) -> dict[str, Any]:
    """Do what is told."""
    sides, sizes = (
        import_module(f"{told['bench']}.sides").SIDES,
        import_module(f"{told['bench']}.sizes").SIZES,
    )
    load, row, device, size = (
        sides[told["row"]["side"]],
        Row(**told["row"]),
        told["device"],
        sizes[told["size"]],
    )
    warm = load(Path(told["warm"]), sizes[size.warm], row, device)
    imports = time() - told["began"]
    if told["warm"] != told["folder"]:
        warm.walk()  # threads, first calls of kernels
    del warm
    memory = Memory()
    started = now()
    loaded = load(Path(told["folder"]), size, row, device)
    there = now()
    steps = Steps(loaded.network)
    latents, shown = loaded.walk()
    done = now()
    taken = memory.taken()
    save_file({"latents": latents.contiguous(), "shown": shown.contiguous()}, told["out"])
    times = {"imports": imports, "load": there - started, "first": done - started, "steps": steps.taken()}
    if loaded.decode is not None:
        started = now()
        loaded.decode(latents)
        times["decode"] = now() - started
    return {**times, **taken}


if __name__ == "__main__":
    print(json.dumps(figures(json.loads(sys.argv[1]))))
