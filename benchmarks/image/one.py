"""One process, one side, one way to run: its figures as a line of JSON, its picture as a file.

python -m image.one '{"row": {...}, "size": "narrow", "device": "cpu", "folder": ..., "warm": ..., ...}'
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from .meters import Steps, Watch, now, settled
from .rows import Row
from .sides import SIDES
from .sizes import SIZES

__all__: list[str] = []


def main() -> None:
    """Do what the argument says."""
    told = json.loads(sys.argv[1])
    started = now()
    load, row, device = SIDES[told["row"]["side"]], Row(**told["row"]), told["device"]
    warm = load(Path(told["warm"]), SIZES["tiny"], row, device)  # imports, threads, kernels' first calls
    warm.walk()
    del warm
    settled()
    figures: dict[str, Any] = {"imports": now() - started}
    with torch.inference_mode(False):
        figures |= _watched(told, row, device) if told["memory"] else _timed(told, row, device)
    print(json.dumps(figures))


def _timed(told: dict[str, Any], row: Row, device: str) -> dict[str, Any]:
    size = SIZES[told["size"]]
    started = now()
    loaded = SIDES[row.side](Path(told["folder"]), size, row, device)
    there = now()
    steps = Steps(loaded.network)
    latents, picture = loaded.walk()
    done = now()
    save_file({"latents": latents.contiguous(), "picture": picture.contiguous()}, told["out"])
    return {"load": there - started, "first": done - started, "steps": steps.taken()}


def _watched(told: dict[str, Any], row: Row, device: str) -> dict[str, Any]:
    with Watch() as watch:
        SIDES[row.side](Path(told["folder"]), SIZES[told["size"]], row, device).walk()
    return {"resident": watch.resident, "own": watch.own, "device": watch.device}


if __name__ == "__main__":
    main()
