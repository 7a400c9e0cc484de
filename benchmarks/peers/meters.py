"""Clocks and memory of this process."""

import ctypes
import gc
import time
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn

__all__ = ["Memory", "Steps", "now"]

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


def now() -> float:
    """Seconds, with a GPU's work done."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


class Steps:
    """The seconds from each call of a network to the next: a whole step, sampler and guidance included."""

    def __init__(self, network: nn.Module) -> None:
        self._starts: list[float] = []
        network.register_forward_pre_hook(lambda *_: self._starts.append(now()))

    def taken(self) -> list[float]:
        """Of every step but the first, which lays out and warms up, and the last, whose end is not seen."""
        times = self._starts[1:]
        return [after - before for before, after in pairwise(times)]


def settled() -> None:
    """Let go of what is no longer used, and begin to count peaks anew."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    ctypes.CDLL(None).malloc_trim(0)
    _CLEAR.write_text("5")  # resets the peak resident size, proc(5)


class Memory:
    """Memory above what was there, in MiB."""

    def __init__(self) -> None:
        settled()
        self._before = _status()

    def taken(self) -> dict[str, float]:
        """resident: at its peak; files: what of it are pages of files, which may be dropped, now; device."""
        status = _status()
        device = torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0
        resident = status["VmHWM"] - self._before["VmRSS"]
        return {"resident": resident, "files": status["RssFile"] - self._before["RssFile"], "device": device}


def _status() -> dict[str, float]:
    lines = (line.split() for line in _STATUS.read_text().splitlines())
    return {line[0][:-1]: int(line[1]) / 2**10 for line in lines if line[-1] == "kB"}
