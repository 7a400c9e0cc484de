"""What torch.save wrote is read by a process of its own, once; nothing in it runs, whatever its name."""

import _codecs
import argparse
import errno
import hashlib
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from diffsmith.errors import DiskFull, FileFault
from diffsmith.weights.opening import open_tensors
from diffsmith.weights.pickles import child, converted

WEIGHTS = {"model.a": torch.randn(3, 4), "b": torch.arange(5), "half": torch.randn(4).half()}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFSMITH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "weights"


@pytest.fixture
def here(monkeypatch):
    """Read in this process, which is faster; for files that are ours."""

    def run(limits, file, target, told, patience):
        assert child.convert(file.fileno(), target.fileno(), int(limits[2])) is None
        return 0

    monkeypatch.setattr(converted, "_run", run)


def no_child(*_, **__):
    raise AssertionError("a child was started")


def assert_same(tensors):
    assert tensors.keys() == WEIGHTS.keys()
    assert all(torch.equal(tensors[name], tensor) for name, tensor in WEIGHTS.items())


def test_a_checkpoint_is_read_once_and_mapped_from_then_on(tmp_path, cache, monkeypatch):
    name = "pytorch_lightning.callbacks.model_checkpoint"
    trainer = ModuleType(name)
    trainer.ModelCheckpoint = type("ModelCheckpoint", (), {"__module__": name})
    for parent in ("pytorch_lightning", "pytorch_lightning.callbacks", name):
        monkeypatch.setitem(sys.modules, parent, trainer)
    lightning = {
        "state_dict": WEIGHTS,
        "epoch": 3,
        "hyper_parameters": argparse.Namespace(lr=1e-3),
        "callbacks": {trainer.ModelCheckpoint: {"best": np.float64(0.5)}},
        "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(3)}}}],
    }
    path = tmp_path / "v1-5.ckpt"
    torch.save(lightning, path)
    tensors = open_tensors(path)
    assert_same(tensors)
    assert tensors.metadata == {"under": "state_dict"}
    (kept,) = cache.glob("*.safetensors")
    assert kept.stat().st_mode & 0o777 == 0o444
    monkeypatch.setattr(subprocess, "Popen", no_child)
    assert_same(open_tensors(path))
    path.with_name("moved.PT").write_bytes(path.read_bytes())
    assert_same(open_tensors(path.with_name("moved.PT")))


def test_what_torch_wrote_before_it_was_zip_is_read_and_a_damaged_copy_is_made_again(tmp_path, cache, here):
    torch.save(WEIGHTS, tmp_path / "old.bin", _use_new_zipfile_serialization=False)
    assert_same(open_tensors(tmp_path / "old.bin"))
    (kept,) = cache.glob("*.safetensors")
    kept.chmod(0o644)
    os.truncate(kept, 100)
    assert_same(open_tensors(tmp_path / "old.bin"))


def test_a_large_file_is_not_digested_again_while_it_stays_as_it_is(tmp_path, monkeypatch, here):
    path = tmp_path / "w.pt"
    torch.save(WEIGHTS, path)
    monkeypatch.setattr(converted, "_CLOCK_TICK", -1)  # as if the file were old
    open_tensors(path)
    monkeypatch.setattr(hashlib, "file_digest", None)
    assert_same(open_tensors(path))


def test_a_file_that_changes_within_a_tick_of_the_clock_is_read_again(tmp_path, cache, here):
    path = tmp_path / "w.pt"
    torch.save(WEIGHTS, path)
    open_tensors(path)
    content, times = path.read_bytes(), path.stat()
    changed = WEIGHTS | {"b": WEIGHTS["b"] + 1}
    torch.save(changed, path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_size == len(content)
    assert torch.equal(open_tensors(path)["b"], changed["b"])
    assert all(each.suffix for each in cache.iterdir()), "nothing is remembered of a file of this moment"


class Calls:
    """A pickle of it calls the function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def test_a_hostile_file_runs_nothing_under_any_name(tmp_path):
    marker = tmp_path / "ran"
    torch.save({"w": WEIGHTS["b"], "x": Calls(os.system, f"touch {marker}")}, tmp_path / "x.pt")
    names = ("x.pt", "x.PT", "x.Safetensors", "x.bin", "x")
    for name in names[1:]:
        (tmp_path / name).write_bytes((tmp_path / "x.pt").read_bytes())

    def fault(name):
        with pytest.raises(FileFault) as caught:
            open_tensors(tmp_path / name)
        return str(caught.value)

    with ThreadPoolExecutor(len(names)) as pool:
        faults = dict(zip(names, pool.map(fault, names), strict=True))
    what = "it asks for posix.system, and only tensors, numbers and text are read from a pickle"
    assert faults == {name: f"{tmp_path / name}: cannot be read as weights: {what}" for name in names}
    assert not marker.exists()
    subprocess.run(["python3", "-c", f"import os; os.system('touch {marker}')"], check=True)
    assert marker.exists(), "the payload would have run"


BOMBS = {
    "390 bytes that ask for 8 GB": (Calls(bytearray, 8 * 2**30), "far more memory than"),
    "text that takes minutes to read": (
        Calls(_codecs.encode, 2 * "".join(map(chr, range(300, 50_000))), "punycode"),
        r"far longer, .* \(1 s\)",
    ),
}


@pytest.mark.parametrize(("bomb", "what"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_dies_soon(tmp_path, cache, monkeypatch, bomb, what):
    monkeypatch.setattr(converted, "_SECONDS", 1)
    torch.save({"w": bomb}, tmp_path / "x.pt")
    start = time.monotonic()
    with pytest.raises(FileFault, match=what):
        open_tensors(tmp_path / "x.pt")
    assert time.monotonic() - start < 30
    assert not [each for each in cache.iterdir() if each.name.startswith(".") or each.suffix]


def test_a_disk_without_room_is_the_disks_fault(tmp_path, cache, monkeypatch):
    path = tmp_path / "w.pt"
    torch.save(WEIGHTS, path)
    with path.open("rb") as file, Path("/dev/full").open("wb", buffering=0) as full:
        fault = child.convert(file.fileno(), full.fileno(), 2**20)
    assert fault == {"errno": errno.ENOSPC}

    def run(limits, file, target, told, patience):
        target.write(b"a beginning")
        told.write(json.dumps(fault).encode())
        return 1

    monkeypatch.setattr(converted, "_run", run)
    with pytest.raises(DiskFull, match="no room"):
        open_tensors(path)
    assert not [each for each in cache.iterdir() if each.name.startswith(".") or each.suffix]


def test_a_file_that_changes_while_it_is_read_is_told(tmp_path, monkeypatch):
    path = tmp_path / "w.pt"
    torch.save(WEIGHTS, path)
    monkeypatch.setattr(converted, "_run", lambda *_: path.open("ab").write(b"x") - 1)
    with pytest.raises(FileFault, match="changed while it was read"):
        open_tensors(path)


def test_a_child_that_breaks_is_told_and_knows_no_secret(tmp_path, monkeypatch):
    torch.save(WEIGHTS, tmp_path / "w.pt")
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nenv | grep -c TOKEN >&2\nkill -SEGV $$\n")
    program.chmod(0o755)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(FileFault, match=r"the process that reads it ended with code -11 \('0'\)"):
        open_tensors(tmp_path / "w.pt")


def test_a_child_that_hangs_is_ended(tmp_path, monkeypatch):
    torch.save(WEIGHTS, tmp_path / "w.pt")
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(converted, "_START", -19.8)
    with pytest.raises(FileFault, match="it takes far longer"):
        open_tensors(tmp_path / "w.pt")


def test_a_cache_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    torch.save(WEIGHTS, tmp_path / "w.pt")
    monkeypatch.setenv("DIFFSMITH_CACHE", "/dev/null/cache")
    with pytest.raises(FileFault, match="Not a directory; set DIFFSMITH_CACHE"):
        open_tensors(tmp_path / "w.pt")
