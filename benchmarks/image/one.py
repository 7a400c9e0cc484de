"""One process, one side, one way to run: its figures as a line of JSON, its picture as a file.

python -m image.one '{"row": {...}, "size": "narrow", "device": "cpu", "folder": ..., "warm": ..., ...}'
"""

import json
import sys
from pathlib import Path
from time import time

from safetensors.torch import save_file

from .meters import Memory, Steps, now
from .rows import Row
from .sides import SIDES
from .sizes import SIZES

__all__: list[str] = []


def main() -> None:
    """Do what the argument says."""
    told = json.loads(sys.argv[1])
    load, row, device = SIDES[told["row"]["side"]], Row(**told["row"]), told["device"]
    warm = load(Path(told["warm"]), SIZES["tiny"], row, device)
    imports = time() - told["began"]
    warm.walk()  # threads, first calls of kernels
    del warm
    size, memory = SIZES[told["size"]], Memory()
    started = now()
    loaded = load(Path(told["folder"]), size, row, device)
    there = now()
    steps = Steps(loaded.network)
    latents, picture = loaded.walk()
    done = now()
    times = {"imports": imports, "load": there - started, "first": done - started, "steps": steps.taken()}
    save_file({"latents": latents.contiguous(), "picture": picture.contiguous()}, told["out"])
    print(json.dumps({**times, **memory.taken()}))


if __name__ == "__main__":
    main()
