import json

import pytest
import torch

from diffsmith.errors import FileFault
from diffsmith.weights.opening import open_tensors
from diffsmith.weights.tensors import save_tensors


@pytest.fixture
def index(tmp_path):
    save_tensors(
        tmp_path / "one.safetensors", {"a": torch.ones(2), "b": torch.zeros(3).half()}, {"format": "pt"}
    )
    save_tensors(tmp_path / "two.bin", {"c": torch.full((4,), 7)})
    path = tmp_path / "model.safetensors.index.json"
    write(path, {"a": "one.safetensors", "b": "one.safetensors", "c": "two.bin"})
    return path


def write(path, shard_of):
    path.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": shard_of}))


def test_several_files_are_one_mapping(index):
    tensors = open_tensors(index)
    assert {name: tuple(shape) for name, shape in tensors.shapes.items()} == {"a": (2,), "b": (3,), "c": (4,)}
    assert tensors.dtypes["b"] == torch.float16
    assert tensors["a"].eq(1).all()
    assert tensors["c"].eq(7).all()
    assert tensors.metadata == {"format": "pt"}


def test_a_tensor_that_the_index_forgot_is_there_all_the_same(index):
    write(index, {"a": "one.safetensors", "c": "two.bin"})
    assert open_tensors(index).keys() == {"a", "b", "c"}


MISFITS = {
    "a missing file": ({"a": "one.safetensors", "d": "three.bin"}, "three.bin, missing beside it"),
    "a missing tensor": ({"a": "two.bin"}, "which lack 1: a in two.bin"),
    "a way out": ({"a": "../one.safetensors"}, "'../one.safetensors', which is no file beside it"),
    "the folder above": ({"a": ".."}, "which is no file beside it"),
    "another place": ({"a": "/etc/passwd"}, "which is no file beside it"),
    "an endless name": ({"a": "x" * 5000}, "which is no file beside it"),
    "a number": ({"a": 5}, "names 5, which is no file beside it"),
    "itself": ({"a": "model.safetensors.index.json"}, "is no weights file that is known here: it is JSON"),
    "nothing": ({}, "expected a weight_map"),
    "a list": ([1], "expected a weight_map"),
}


@pytest.mark.parametrize(("shard_of", "what"), MISFITS.values(), ids=MISFITS)
def test_an_index_that_does_not_fit_its_files_is_told(index, shard_of, what):
    write(index, shard_of)
    with pytest.raises(FileFault, match=what) as caught:
        open_tensors(index)
    assert caught.value.path == index


@pytest.mark.parametrize(
    "content", [b'{"weight_map": ', b'{"a": 1, "a": 2}', b"{" + b"[" * 100_000, b'{"\xff": 1}']
)
def test_a_damaged_index_is_told(index, content):
    index.write_bytes(content)
    with pytest.raises(FileFault, match="no index of weights, or a damaged one"):
        open_tensors(index)


def test_an_index_that_is_too_large_is_not_read(index):
    index.write_bytes(b"{" + b" " * 2**24)
    with pytest.raises(FileFault, match="too large for an index"):
        open_tensors(index)


def test_a_damaged_shard_is_told_by_its_own_name(index):
    shard = index.with_name("two.bin")
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(FileFault, match="it is cut short") as caught:
        open_tensors(index)
    assert caught.value.path == shard
