"""Mutated weight files load or are told in one sentence: nothing crashes, hangs or fills the memory.

DIFFSMITH_FUZZ=10000 tries that many in place of 2000: half safetensors, a third pickles, the rest ONNX.
"""

import io
import json
import os
import random
import subprocess
import sys
import time

import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from safetensors.torch import load as unpacked
from safetensors.torch import save as packed

from diffsmith.errors import FileFault
from diffsmith.weights.opening import open_tensors

COUNT = int(os.environ.get("DIFFSMITH_FUZZ", "2000"))
TENSORS = {
    "a.weight": torch.arange(60.0).reshape(3, 20),
    "a.bias": torch.ones(3).half(),
    "steps": torch.tensor(7),
    "none": torch.empty(0, 4),
}


def dice(seed):
    return random.Random(seed)  # noqa: S311 — it only has to be the same again


def mutated(content, rolls):
    """A file with bytes changed, moved, doubled, lost or made up; most often near its beginning or end."""
    changed = bytearray(content)
    for _ in range(rolls.choice((1, 1, 1, 2, 5))):
        near = rolls.randrange(min(rolls.choice((10**9, 200, 16)), len(changed)))
        place = near if rolls.random() < 0.8 else len(changed) - 1 - near
        length = rolls.choice((1, 1, 4, 8, 50))
        match rolls.randrange(6):
            case 0:
                changed[place] ^= 1 << rolls.randrange(8)
            case 1:
                changed[place : place + length] = rolls.randbytes(length)
            case 2:
                changed[place : place + length] = rolls.choice((b"\0", b"\xff", b"\x80", b"[", b"9")) * length
            case 3:
                del changed[place : min(place + length, len(changed) - 1)]
            case 4:
                changed[place:place] = changed[place : place + length]
            case 5:
                del changed[place + 1 :]
    return bytes(changed)


def safetensors():
    return packed(TENSORS, {"note": "ü"})


def onnx_model():
    graph = helper.make_graph(
        [],
        "graph",
        [],
        [],
        [
            numpy_helper.from_array(TENSORS["a.weight"].numpy(), "a.weight"),
            helper.make_tensor("a.bias", onnx.TensorProto.FLOAT16, [3], [1.0, 1.0, 1.0]),
            helper.make_tensor("steps", onnx.TensorProto.INT64, [], [7]),
        ],
    )
    return helper.make_model(graph, producer_name="test").SerializeToString()


def torch_file(*, zipped):
    made = io.BytesIO()
    torch.save({"state_dict": TENSORS, "epoch": 3}, made, _use_new_zipfile_serialization=zipped)
    return made.getvalue()


@pytest.mark.parametrize(("make", "share"), [(safetensors, 0.5), (onnx_model, 0.2)])
def test_a_mutated_file_loads_or_is_told(tmp_path, make, share):
    content, path, told = make(), tmp_path / "w", 0
    for seed in range(int(COUNT * share)):
        path.write_bytes(mutated(content, dice(seed)))
        start = time.monotonic()
        try:
            tensors = open_tensors(path)
            read = {name: tensors[name] for name in tensors}
        except FileFault as fault:
            told += 1
            assert str(fault).startswith(str(tmp_path)), seed
            assert "\n" not in str(fault), seed
        else:
            assert {name: each.shape for name, each in read.items()} == tensors.shapes, seed
            assert {name: each.dtype for name, each in read.items()} == tensors.dtypes, seed
            if make is safetensors:
                assert _same(read, unpacked(path.read_bytes())), f"{seed}: others read something else"
        assert time.monotonic() - start < 2, seed
    assert told > 0.2 * share * COUNT, "most of what was changed matters"


def _same(one, other):
    """Whether they are the same bytes, NaN or not."""
    bits = [
        {name: each.reshape(-1).view(torch.uint8).tolist() for name, each in all_.items()}
        for all_ in (one, other)
    ]
    return bits[0] == bits[1]


# One process for all of them: what it must withstand is the same, and torch is imported once.
READ_ALL = """
import json, sys, time
from pathlib import Path
from diffsmith.weights.pickles.child import convert
from diffsmith.weights.pickles.confinement import confine

folder = Path(sys.argv[1])
with open(sys.argv[2], "wb") as target:
    confine(memory=300 * 2**20, seconds=100_000, output=2**26)
    for path in folder.iterdir():
        start = time.monotonic()
        with path.open("rb") as source:
            fault = convert(source.fileno(), target.fileno(), 2**20)
        print(json.dumps([path.name, fault, time.monotonic() - start]), flush=True)
"""


def test_a_mutated_pickle_is_read_or_told(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    for seed in range(int(COUNT * 0.3)):
        content = torch_file(zipped=seed % 3 > 0)
        (folder / str(seed)).write_bytes(mutated(content, dice(seed)))
    command = [sys.executable, "-c", READ_ALL, folder, tmp_path / "target"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == int(COUNT * 0.3)
    for seed, fault, seconds in answers:
        assert seconds < 2, seed
        assert fault is None or "\n" not in fault["fault"], seed
        assert fault is None or "weights_only" not in fault["fault"], seed
    assert sum(fault is not None for _, fault, _ in answers) > 0.1 * COUNT
