"""What the child refuses, by torch's weights-only loader alone: here nothing else stands in the way."""

import builtins
import importlib
import io
import json
import operator
import os
import pickle
import runpy
import subprocess
import sys
import timeit
import zipfile
from collections import OrderedDict

import pytest
import torch
from torch._utils import _rebuild_tensor_v2

LEGACY = b"".join(pickle.dumps(each, 2) for each in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}))


class Calls:
    """A pickle of it calls the function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call

    def __call__(self): ...  # what it makes may be called in turn


def live(marker):
    """Pickles that make the marker when an ordinary reader loads them."""
    shell, code = f"touch {marker}", f"__import__('pathlib').Path({str(marker)!r}).touch()"
    script = marker.with_suffix(".py")
    script.write_text(code)
    module = Calls(importlib.import_module, "os")
    system = Calls(builtins.getattr, module, "system")
    calls = {
        "os.system": Calls(os.system, shell),
        "eval": Calls(eval, code),
        "exec": Calls(exec, code),
        "open": Calls(open, str(marker), "w"),
        "a program": Calls(subprocess.check_call, ["touch", str(marker)]),
        "a script": Calls(runpy.run_path, str(script)),
        "timeit": Calls(timeit.timeit, code, "pass", timeit.default_timer, 1),
        "getattr": Calls(system, shell),
        "methodcaller": Calls(
            Calls(operator.methodcaller, "system", shell), Calls(importlib.import_module, "os")
        ),
    }
    streams = {name: pickle.dumps({"w": call}, 2) for name, call in calls.items()}
    quoted = shell.encode()
    counted = len(quoted).to_bytes(4, "little") + quoted
    return streams | {
        "INST": b"(S'" + quoted + b"'\nios\nsystem\n.",
        "OBJ": b"(cos\nsystem\nS'" + quoted + b"'\no.",
        "an old name": b"c__builtin__\neval\n(V" + code.encode() + b"\ntR.",
        "a name on the stack": b"\x80\x04\x8c\x02os\x8c\x06system\x93(X" + counted + b"tR.",
    }


def broken():
    """Pickles that lie about what they build: heaps were corrupted by some of these (CVE-2026-24747)."""
    storage = torch.arange(4.0).storage()
    rebuilt = {
        "beyond the end": (storage, 10**9, (4,), (1,)),
        "before the beginning": (storage, -8, (4,), (1,)),
        "a huge step": (storage, 0, (4,), (2**40,)),
        "more than there is": (storage, 0, (10**6,), (1,)),
        "no storage": ([1], 0, (1,), (1,)),
    }
    return {name: Calls(_rebuild_tensor_v2, *told, False, OrderedDict()) for name, told in rebuilt.items()}


OPCODES = {
    "SETITEM on a list": b"]K\x01K\x02s.",
    "APPENDS on a table": b"}(K\x01e.",
    "BUILD on a list": b"]}b.",
    "an extension": b"\x82\x01.",
    "an unknown code": b"\xff.",
    "nothing on the stack": b"0.",
    "a memory of nothing": b"h\x07.",
    "no end": b"}",
    "nothing": b"",
}


def zipped(stream):
    """A zip as torch.save writes it, with this pickle in it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in {"data.pkl": stream, "byteorder": b"little", "version": b"3\n"}.items():
            archive.writestr(f"archive/{name}", content)
    return made.getvalue()


def changed(path, change):
    """A torch file with its archive written anew, record by record."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as given, zipfile.ZipFile(made, "w") as archive:
        change(given, archive)
    return made.getvalue()


READ_ALL = """
import json, os, sys, time
from pathlib import Path
from diffsmith.weights.pickles.child import convert

os.chdir(sys.argv[1])
with open(sys.argv[2], "wb") as target:
    for path in sorted(Path().iterdir()):
        with path.open("rb") as source:
            print(json.dumps([path.name, convert(source.fileno(), target.fileno(), 2**20)]), flush=True)
"""
LOAD_ALL = """
import json, os, pickle, sys
from pathlib import Path

marker = Path(sys.argv[2])
for path in sorted(Path(sys.argv[1]).iterdir()):
    marker.unlink(missing_ok=True)
    try:
        pickle.loads(path.read_bytes())
    except Exception:
        pass
    print(json.dumps([path.name, marker.exists()]), flush=True)
marker.unlink()
"""


def run(program, *arguments):
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(line) for line in done.stdout.splitlines())


def written(folder, contents):
    folder.mkdir()
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.filterwarnings("ignore:TypedStorage")
def test_code_does_not_run_and_lies_are_not_believed(tmp_path):
    marker, streams = tmp_path / "ran", live(tmp_path / "ran")
    assert run(LOAD_ALL, written(tmp_path / "plain", streams), marker) == dict.fromkeys(streams, True)

    files = {}
    for name, stream in (streams | OPCODES).items():
        files |= {f"{name}, zip": zipped(stream), f"{name}, legacy": LEGACY + stream}
    for name, call in broken().items():
        made, old = io.BytesIO(), io.BytesIO()
        torch.save({"w": call}, made)
        torch.save({"w": call}, old, _use_new_zipfile_serialization=False)
        files |= {f"{name}, zip": made.getvalue(), f"{name}, legacy": old.getvalue()}
    faults = run(READ_ALL, written(tmp_path / "hostile", files), tmp_path / "target")
    assert faults.keys() == files.keys()
    for name, fault in faults.items():
        assert fault, name
        assert not any(each in fault["fault"] for each in ("weights_only", "\n", "add_safe_globals")), name
    assert "asks for posix.system, and only tensors" in faults["os.system, zip"]["fault"]
    assert not marker.exists()


def test_an_archive_is_not_believed(tmp_path):
    good = tmp_path / "good.pt"
    torch.save({"w": torch.zeros(100_000)}, good)
    content = good.read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1

    def compressed(given, archive):
        for each in given.namelist():
            archive.writestr(each, given.read(each), zipfile.ZIP_DEFLATED)

    def renamed(given, archive):
        for each in given.namelist():
            archive.writestr(f"../../{each}", given.read(each))

    script = torch.jit.script(torch.nn.Linear(2, 2))
    script.save(tmp_path / "script.pt")
    cases = {
        "cut": (content[:-30], "BadZipFile"),
        "a bit": (bytes(flipped), "the checksum of its record good/data/0"),
        "compressed": (changed(good, compressed), "compressed, which torch.save never does"),
        "elsewhere": (changed(good, renamed), "cannot read it"),
        "a program": ((tmp_path / "script.pt").read_bytes(), "a TorchScript program; save its state_dict"),
        "too much": (content.replace(b"PK\x01\x02", b"PK\x01\x03", 1), "BadZipFile"),
    }
    faults = run(
        READ_ALL,
        written(tmp_path / "files", {name: each for name, (each, _) in cases.items()}),
        tmp_path / "target",
    )
    for name, (_, what) in cases.items():
        assert what in faults[name]["fault"], name
