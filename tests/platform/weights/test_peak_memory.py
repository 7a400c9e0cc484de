"""Loading costs the weights once: measured in a process of its own, mapped pages counted with the rest."""

import json
import os
import subprocess
import sys

import pytest
import torch

from diffsmith.weights.tensors import save_tensors

LAYERS, WIDTH = 25, 1440
SIZE = LAYERS * (WIDTH * WIDTH + WIDTH) * 4

# VmHWM is the most memory that was resident: own pages, and those mapped from files as far as they were
# touched. Every page is read at the end, so what is mapped counts in full.
MEASURE = f"""
import json, sys, torch
from pathlib import Path
from torch import nn
from diffsmith.weights.networks import assign
from diffsmith.weights.opening import open_tensors

def resident(line):
    return next(int(each.split()[1]) * 1024 for each in open("/proc/self/status") if each.startswith(line))

torch.ones(9, 9) @ torch.ones(9, 9)
with torch.device("meta"):
    network = nn.Sequential(*[nn.Linear({WIDTH}, {WIDTH}) for _ in range({LAYERS})])
Path("/proc/self/clear_refs").write_text("5")
before = resident("VmRSS")
assign(network, open_tensors(Path(sys.argv[1])), Path(sys.argv[1]), dtype=getattr(torch, sys.argv[2], None))
total = sum(float(each.detach().view(-1)[:: 512].sum()) for each in network.parameters())
print(json.dumps([resident("VmHWM") - before, total]))
"""


@pytest.fixture(scope="module")
def weights():
    generator = torch.Generator().manual_seed(0)
    return {
        f"{layer}.{name}": torch.randn(shape, generator=generator)
        for layer in range(LAYERS)
        for name, shape in {"weight": (WIDTH, WIDTH), "bias": (WIDTH,)}.items()
    }


def measured(path, dtype="kept"):
    environment = os.environ | {"DIFFSMITH_CACHE": str(path.parent), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, path, dtype],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_network_costs_its_weights_once(tmp_path, weights):
    path = save_tensors(tmp_path / "w.safetensors", weights)
    peak, total = measured(path)
    expected = sum(float(each.view(-1)[::512].sum()) for each in weights.values())
    assert 0.9 * SIZE < peak < 1.2 * SIZE
    assert total == pytest.approx(expected, abs=0.1)
    half, _ = measured(path, "bfloat16")
    assert 0.45 * SIZE < half < 0.75 * SIZE, "half of it, and one piece of the file at a time"


def test_a_pickle_costs_its_weights_once(tmp_path, weights):
    torch.save({"state_dict": weights}, tmp_path / "w.ckpt")
    peak, _ = measured(tmp_path / "w.ckpt")
    assert 0.9 * SIZE < peak < 1.2 * SIZE
