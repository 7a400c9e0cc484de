"""Whatever its name, a file is what stands in it; what is no weights file is told in one sentence."""

import json
import mmap
import os
import time
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save as packed

from diffsmith.errors import FileFault
from diffsmith.weights.opening import open_tensors
from diffsmith.weights.tensors import save_tensors

TENSORS = {
    "a": torch.arange(6.0).reshape(2, 3),
    "b.bias": torch.tensor([1, -2], dtype=torch.int64),
    "c": torch.tensor(0.5, dtype=torch.bfloat16),
    "none": torch.empty(0, 4),
}
MAPPED = 50_000
"""Numbers of a tensor that is mapped; a smaller one is read."""
SPELLINGS = ("x.pt", "x.PT", "x.Safetensors", "x.SAFETENSORS", "x.bin", "x.ckpt", "x.onnx", "x.json", "x")


@pytest.mark.parametrize("name", SPELLINGS)
def test_the_name_of_a_file_decides_nothing(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(packed(TENSORS, {"note": "ü"}))
    tensors = open_tensors(path)
    assert tensors.metadata == {"note": "ü"}
    assert tensors.keys() == TENSORS.keys()
    for key, tensor in TENSORS.items():
        assert tensors.shapes[key] == tensor.shape
        assert tensors.dtypes[key] == tensor.dtype
        torch.testing.assert_close(tensors[key], tensor, rtol=0, atol=0)


NO_WEIGHTS = {
    "empty": (b"", "it is empty"),
    "a web page": (b"<!DOCTYPE html><title>404</title>", "it is a web page"),
    "a git-lfs pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "git-lfs pointer"),
    "the header cut": (packed(TENSORS)[:40], "it is cut short or something else"),
    "the data cut": (packed(TENSORS)[:-3], "its tensors end at byte .*: it is cut short"),
    "a pickle of another program": (b"\x80\x04\x95\x05\0\0\0\0\0\0\0K\x01.", "it is a pickle"),
    "a pickle as text": (b"cposix\nsystem\n(S'touch /tmp/x'\ntR.", "something else"),
    "gzip": (b"\x1f\x8b\x08\0\0\0\0\0", "compressed with gzip"),
    "GGUF": (b"GGUF\x03\0\0\0\0\0\0\0", "a GGUF file"),
    "HDF5": (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    "numbers": (b"\x93NUMPY\x01\0v\0{", "a numpy array"),
    "settings": (b'{"_class_name": "UNet2DModel"}', "is no index of weights"),
}


@pytest.mark.parametrize(("content", "what"), NO_WEIGHTS.values(), ids=NO_WEIGHTS)
def test_what_is_no_weights_file_is_told(tmp_path, monkeypatch, content, what):
    monkeypatch.setenv("DIFFSMITH_CACHE", str(tmp_path))
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(FileFault, match=what) as caught:
        open_tensors(path)
    assert caught.value.path == path
    assert "\n" not in str(caught.value)


def test_what_is_no_file_is_told_at_once(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    start = time.monotonic()
    for path in (tmp_path / "fifo", tmp_path, Path("/dev/zero"), tmp_path / "none", tmp_path / "loop"):
        with pytest.raises(FileFault, match=r"not a regular file|no such|cannot be read"):
            open_tensors(path)
    assert time.monotonic() - start < 1


def test_shapes_and_formats_are_known_without_reading(tmp_path, monkeypatch):
    path = save_tensors(tmp_path / "w", {"w": torch.ones(3, 2, dtype=torch.float16)})
    tensors = open_tensors(path)
    monkeypatch.setattr(mmap, "mmap", None)
    monkeypatch.setattr(os, "pread", None)
    assert (tensors.shapes, tensors.dtypes) == ({"w": torch.Size([3, 2])}, {"w": torch.float16})
    assert "w" in tensors
    assert tensors.get("v") is None


@pytest.mark.parametrize("size", [3, MAPPED])
def test_the_file_stays_as_it_is_when_a_tensor_is_written_to(tmp_path, size):
    path = save_tensors(tmp_path / "w", {"w": torch.ones(size)})
    before = path.read_bytes()
    tensor = open_tensors(path)["w"]
    tensor += 1
    assert tensor.eq(2).all()
    assert path.read_bytes() == before


@pytest.mark.parametrize("size", [3, MAPPED])
def test_tensors_outlive_the_replacing_and_the_removal_of_their_file(tmp_path, size):
    path = save_tensors(tmp_path / "w", {"w": torch.ones(size)})
    tensors = open_tensors(path)
    save_tensors(path, {"w": torch.zeros(9)})
    path.unlink()
    assert tensors["w"].eq(1).all()


@pytest.mark.parametrize(("size", "told"), [(3, "was cut short"), (MAPPED, "can no longer be mapped")])
def test_a_file_that_was_cut_since_it_was_opened_is_told(tmp_path, size, told):
    path = save_tensors(tmp_path / "w", {"w": torch.ones(size)})
    tensors = open_tensors(path)
    os.truncate(path, 70)
    with pytest.raises(FileFault, match=told):
        tensors["w"]


@pytest.mark.parametrize("size", [1, MAPPED])
def test_tensors_that_begin_anywhere_in_the_file_are_read(tmp_path, size):
    told = (("a", "U8", 1, 0, 1), ("b", "F32", size, 1, 1 + 4 * size))
    places = {name: {"dtype": kind, "shape": [n], "data_offsets": at} for name, kind, n, *at in told}
    table, numbers = json.dumps(places).encode(), torch.full((size,), 1.5)
    path = tmp_path / "w"
    path.write_bytes(len(table).to_bytes(8, "little") + table + b"\7" + numbers.numpy().tobytes())
    assert torch.equal(open_tensors(path)["b"], numbers)


def test_an_archive_of_other_things_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFSMITH_CACHE", str(tmp_path / "cache"))
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(FileFault, match=r"a zip archive that torch\.save did not write"):
        open_tensors(tmp_path / "x.pt")


def test_names_are_given_anew_without_reading(tmp_path):
    path = save_tensors(tmp_path / "w", {"old": torch.ones(2), "other": torch.zeros(1)})
    tensors = open_tensors(path).renamed({"new": "old"})
    assert list(tensors) == ["new"]
    assert tensors["new"].eq(1).all()
