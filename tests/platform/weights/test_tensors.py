"""Every way a weights file can be wrong is told in one sentence that names it; what loads stays loaded."""

import io
import json
import os
import pickle
import struct
import zipfile
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file
from safetensors.torch import save as packed

from diffsmith.errors import FileFault
from diffsmith.weights.tensors import load_tensors, map_tensors, save_tensors

TENSORS = {
    "a": torch.arange(6.0).reshape(2, 3),
    "b.bias": torch.tensor([1, -2], dtype=torch.int64),
    "c": torch.tensor(0.5, dtype=torch.bfloat16),
    "none": torch.empty(0, 4),
}
GOOD = packed(TENSORS, {"note": "ü"})


def with_header(header: object, content: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content


def one(dtype: str, shape: list[int], size: int) -> bytes:
    return with_header({"w": {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}}, bytes(size))


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("data.pkl", b"x")
    return made.getvalue()


AT_0 = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
NOTHING = {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}
TWICE = (
    b"{"
    + b",".join(b'"w":{"dtype":"%s","shape":[1],"data_offsets":[0,4]}' % kind for kind in (b"F32", b"I32"))
    + b"}"
)
DAMAGED = {
    "empty": (b"", "it is empty"),
    "seven bytes": (b"\x02" + bytes(6), "it is cut short"),
    "the header cut": (GOOD[:40], "it is cut short"),
    "the data cut": (GOOD[:-3], "is damaged"),
    "bytes too many": (GOOD + b"\0", "is damaged"),
    "header of u64 max": (b"\xff" * 8 + GOOD[8:], "it is cut short or something else"),
    "header over the limit": (struct.pack("<Q", 2**24 + 1) + b"{" + b" " * 2**24 + b"}", "no safetensors"),
    "header of nothing": (bytes(100), "no safetensors file"),
    "not JSON": (with_header(b"not json"), "its header cannot be read"),
    "not text": (with_header(b'{"\xff\xfe":1}'), "its header cannot be read"),
    "a list": (with_header([]), "no table of tensors"),
    "too deep": (with_header(b"[" * 100_000), "its header cannot be read"),
    "a name twice": (with_header(TWICE, bytes(4)), "a name stands twice"),
    "no tensor": (with_header({"w": 5}), "is damaged"),
    "text that is no text": (with_header({"__metadata__": {"n": 5}}), "is damaged"),
    "a hole": (
        with_header({"w": {"dtype": "U8", "shape": [1], "data_offsets": [1, 2]}}, b"ab"),
        "is damaged",
    ),
    "an unknown format": (one("F7", [1], 4), "is damaged"),
    "a format torch lacks": (one("F8_E8M0", [4], 4), "F8_E8M0', which is not read here"),
    "a shape torch lacks": (one("F32", [0, 10**12, 10**12], 0), "a shape that torch lacks"),
    "a size torch lacks": (one("F32", [0, 10**19], 0), "a shape that torch lacks"),
    "another shape": (one("F32", [3], 4), "w has 4 bytes"),
    "a shape below nothing": (one("F32", [-1], 4), "no counts"),
    "a shape that is no number": (one("F32", [True], 4), "no counts"),
    "bytes that two share": (with_header({"a": AT_0, "b": AT_0}, bytes(4)), "b begins at byte"),
    "bytes before the file": (with_header({"a": AT_0 | {"data_offsets": [-4, 0]}}), "no counts"),
    "nine dimensions": (one("F32", [1] * 9, 4), "has 9 dimensions"),
    "a name that is no text": (with_header({"a\0": AT_0}, bytes(4)), r"'a\\x00' is no name"),
    "an endless name": (with_header({"a" * 2**20: AT_0}, bytes(4)), "is no name"),
    "more tensors than there can be": (
        with_header(
            {str(number): {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for number in range(100_001)}
        ),
        "at most 100000 are read",
    ),
    "a web page": (b"<!DOCTYPE html><title>404</title>", "it is a web page"),
    "a git-lfs pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "git-lfs pointer"),
    "a pickle": (pickle.dumps({"w": list(range(99))}), "it is a pickle; convert"),
    "a torch file": (zipped(), "a zip archive or a torch pickle"),
}


@pytest.mark.parametrize(("content", "what"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_told(tmp_path, content, what):
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(FileFault, match=what) as caught:
        load_tensors(path)
    assert caught.value.path == path
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_what_is_no_file_is_told(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for name, what in {
        "fifo": "not a regular file",
        "folder": "not a regular file",
        "none": "no such",
    }.items():
        with pytest.raises(FileFault, match=what):
            load_tensors(tmp_path / name)
    with pytest.raises(FileFault, match="not a regular file"):
        load_tensors(Path("/dev/zero"))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_mutation_loads_or_is_told(tmp_path_factory, data):
    content = bytearray(GOOD)
    places = st.one_of(st.integers(0, 8), st.integers(0, len(GOOD) - 1))
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=4)):
        content[place] = value
    cut = data.draw(st.one_of(st.just(len(GOOD)), st.integers(0, len(GOOD))))
    path = tmp_path_factory.getbasetemp() / "mutated.safetensors"
    path.write_bytes(content[:cut])
    try:
        tensors, metadata = load_tensors(path)
    except FileFault as fault:
        assert str(fault).startswith(str(path))
    else:
        assert all(isinstance(tensor, torch.Tensor) for tensor in tensors.values())
        assert all(isinstance(text, str) for text in metadata.values())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2**70) | st.sampled_from(["F32", "F4", "F8_E8M0", "U8", ""]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
ENTRY = st.fixed_dictionaries({"dtype": JSON, "shape": JSON, "data_offsets": st.just([0, 4]) | JSON})


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["w", "__metadata__", "../x"]), ENTRY | JSON, max_size=2))
def test_any_header_loads_or_is_told(tmp_path_factory, header):
    path = tmp_path_factory.getbasetemp() / "headed.safetensors"
    path.write_bytes(with_header(header, bytes(4)))
    try:
        load_tensors(path)
    except FileFault as fault:
        assert "\n" not in str(fault)


def test_a_round_trip_keeps_names_formats_shapes_and_text(tmp_path):
    path = save_tensors(tmp_path / "new" / "w.safetensors", TENSORS, {"note": "ü", "empty": ""})
    tensors, metadata = load_tensors(path)
    assert tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        torch.testing.assert_close(tensors[name], tensor, rtol=0, atol=0)
    assert metadata == {"note": "ü", "empty": ""}


def test_others_read_what_is_written_and_the_numbers_are_aligned(tmp_path):
    path = save_tensors(
        tmp_path / "w.safetensors", TENSORS | {"odd": torch.ones(3, dtype=torch.bool)}, {"note": "ü"}
    )
    for name, tensor in load_file(path).items():
        torch.testing.assert_close(
            tensor, (TENSORS | {"odd": torch.ones(3, dtype=torch.bool)})[name], rtol=0, atol=0
        )
    with safe_open(path, "pt") as file:
        assert file.metadata() == {"note": "ü"}
    assert all(tensor.data_ptr() % tensor.element_size() == 0 for tensor in map_tensors(path).values())


def test_a_file_without_text_has_none(tmp_path):
    path = save_tensors(tmp_path / "w.safetensors", TENSORS)
    assert load_tensors(path)[1] == {}
    path.write_bytes(with_header(b'{"__metadata__":null}'))
    assert load_tensors(path) == ({}, {})


def test_tensors_that_share_memory_or_lie_crosswise_are_written(tmp_path):
    shared = torch.arange(6.0).reshape(2, 3)
    given = {"one": shared, "other": shared, "crosswise": shared.T, "row": shared[1]}
    tensors, _ = load_tensors(save_tensors(tmp_path / "w.safetensors", given))
    assert all(torch.equal(tensors[name], tensor) for name, tensor in given.items())


def test_loaded_tensors_outlive_their_file(tmp_path):
    path = save_tensors(tmp_path / "w.safetensors", {"w": torch.ones(5000)})
    tensors, _ = load_tensors(path)
    with path.open("r+b") as file:
        file.seek(200)
        file.write(b"\xff" * 5000)
        file.truncate(300)
    path.unlink()
    assert tensors["w"].eq(1).all()
    tensors["w"] += 1  # and may be written to


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = save_tensors(tmp_path / "w.safetensors", {"w": torch.ones(3)})
    with pytest.raises(Exception, match="meta"):
        save_tensors(path, {"w": torch.empty(3, device="meta")})
    assert [each.name for each in tmp_path.iterdir()] == ["w.safetensors"]
    assert load_tensors(path)[0]["w"].eq(1).all()


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_a_file_may_be_read_by_whom_the_umask_allows(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        path = save_tensors(tmp_path / "w.safetensors", TENSORS)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == mode


def test_the_same_tensors_are_the_same_bytes(tmp_path):
    one, other = (save_tensors(tmp_path / name, TENSORS, {"note": "x"}) for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
