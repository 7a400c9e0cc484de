"""What a piece of work costs here: seconds and peak memory."""

import resource
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import torch

__all__ = ["Cost", "probe"]

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


class Cost(NamedTuple):
    """Wall seconds of the fastest run, and the peak memory of any run in MiB.

    The fastest: what slower runs add is the machine's other work.
    """

    seconds: float
    memory: float


def probe(work: Callable[[], object], device: torch.device, repeats: int = 5) -> Cost:
    """Run the work a few times. Memory is the device's on a GPU, else this process's resident peak."""
    _reset_peak(device)
    seconds = [_timed(work, device) for _ in range(repeats)]
    return Cost(min(seconds), _peak(device))


def _timed(work: Callable[[], object], device: torch.device) -> float:
    started = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - started


def _reset_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif _CLEAR.exists():
        with suppress(OSError):  # some containers forbid it: then the peak is the whole process's so far
            _CLEAR.write_text("5")  # resets the peak resident size, proc(5)


def _peak(device: torch.device) -> float:
    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(device)) / 2**20
    if _STATUS.exists():
        lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line)
        return float(lines["VmHWM"].split()[0]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
