"""Initializers are read as the onnx package wrote them, in whichever field it put them."""

import os
import time

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from diffsmith.errors import FileFault
from diffsmith.weights.opening import open_tensors

DTYPES = {
    torch.float32: TensorProto.FLOAT,
    torch.float64: TensorProto.DOUBLE,
    torch.float16: TensorProto.FLOAT16,
    torch.bfloat16: TensorProto.BFLOAT16,
    torch.float8_e4m3fn: TensorProto.FLOAT8E4M3FN,
    torch.complex64: TensorProto.COMPLEX64,
    torch.bool: TensorProto.BOOL,
    torch.int8: TensorProto.INT8,
    torch.uint8: TensorProto.UINT8,
    torch.int16: TensorProto.INT16,
    torch.uint16: TensorProto.UINT16,
    torch.int32: TensorProto.INT32,
    torch.uint32: TensorProto.UINT32,
    torch.int64: TensorProto.INT64,
    torch.uint64: TensorProto.UINT64,
}
NUMBERS = [[0, 1, 2], [3, 120, 1]]


def model(*initializers, **fields):
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
        list(initializers),
        **fields,
    )
    return helper.make_model(graph, producer_name="test")


def written(path, *initializers, **fields):
    path.write_bytes(model(*initializers, **fields).SerializeToString())
    return path


def made(dtype, *, raw):
    numbers = torch.tensor(NUMBERS).to(dtype)
    if raw:
        content = numbers.reshape(-1).view(torch.uint8).numpy().tobytes()
        return numbers, helper.make_tensor("w", DTYPES[dtype], [2, 3], content, raw=True)
    values = numbers.tolist() if dtype == torch.complex64 else torch.tensor(NUMBERS).tolist()
    return numbers, helper.make_tensor("w", DTYPES[dtype], [2, 3], np.array(values).reshape(-1))


@pytest.mark.parametrize("raw", [True, False], ids=["raw", "by kind"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_numbers_of_each_format_are_read(tmp_path, dtype, raw):
    numbers, tensor = made(dtype, raw=raw)
    tensors = open_tensors(written(tmp_path / "m.onnx", tensor))
    assert (tensors.shapes, tensors.dtypes) == ({"w": torch.Size([2, 3])}, {"w": dtype})
    assert tensors["w"].dtype == dtype
    assert torch.equal(tensors["w"].view(torch.uint8), numbers.view(torch.uint8))


def test_negative_numbers_empty_tensors_and_single_ones_are_read(tmp_path):
    path = written(
        tmp_path / "m",
        helper.make_tensor("negative", TensorProto.INT8, [2], [-1, -128]),
        helper.make_tensor("long", TensorProto.INT64, [2], [-(2**63), 2**63 - 1]),
        helper.make_tensor("onnx::MatMul_12", TensorProto.FLOAT, [], [1.5]),
        numpy_helper.from_array(np.zeros((0, 3), np.float32), "none"),
    )
    tensors = open_tensors(path)
    assert tensors["negative"].tolist() == [-1, -128]
    assert tensors["long"].tolist() == [-(2**63), 2**63 - 1]
    assert tensors["onnx::MatMul_12"].item() == 1.5
    assert tensors["none"].shape == (0, 3)


@pytest.fixture
def beside(tmp_path):
    """A model whose numbers lie in a file beside it, as large models do."""
    arrays = {"a": np.arange(2000, dtype=np.float32), "b": np.arange(6, dtype=np.int64).reshape(2, 3)}
    made = model(*(numpy_helper.from_array(array, name) for name, array in arrays.items()))
    onnx.save_model(
        made, tmp_path / "m.onnx", save_as_external_data=True, location="m.onnx_data", size_threshold=0
    )
    return tmp_path / "m.onnx"


def test_numbers_in_a_file_beside_the_model_are_read(beside):
    tensors = open_tensors(beside)
    assert torch.equal(tensors["a"], torch.arange(2000.0))
    assert tensors["b"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_the_hubs_cache_may_link_to_where_it_keeps_files(beside, tmp_path):
    blobs, snapshot = tmp_path / "models--x" / "blobs", tmp_path / "models--x" / "snapshots" / "c0ffee"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for name in ("m.onnx", "m.onnx_data"):
        (tmp_path / name).rename(blobs / f"of-{name}")
        (snapshot / name).symlink_to(f"../../blobs/of-{name}")
    assert open_tensors(snapshot / "m.onnx")["b"].sum() == 15


def _link(data, outside):
    outside.write_bytes(data.read_bytes())
    data.unlink()
    data.symlink_to(outside)


def _hard_link(data, outside):
    data.rename(outside)
    data.hardlink_to(outside)


LEAVING = {
    "a link": (_link, "a link to what lies elsewhere"),
    "a hard link": (_hard_link, "a link to what lies elsewhere"),
    "nothing": (lambda data, _: data.unlink(), "'m.onnx_data', missing beside it"),
    "a pipe": (lambda data, _: (data.unlink(), os.mkfifo(data)), "not a regular file"),
    "less": (lambda data, _: os.truncate(data, 100), "is cut short: it ends at byte 100"),
}


@pytest.mark.parametrize(("change", "what"), LEAVING.values(), ids=LEAVING)
def test_only_what_lies_beside_a_model_is_read_with_it(beside, tmp_path_factory, change, what):
    change(beside.with_name("m.onnx_data"), tmp_path_factory.mktemp("outside") / "secret")
    with pytest.raises(FileFault, match=what):
        open_tensors(beside)


@pytest.mark.parametrize("place", ["../m", "/etc/passwd", "a/../../m", "C:\\m", "a\\..\\..\\m", "m\0", ""])
def test_a_model_names_no_file_elsewhere(tmp_path, place):
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0])
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=place)
    with pytest.raises(FileFault, match=r"no file in its folder|is not told") as caught:
        open_tensors(written(tmp_path / "m.onnx", tensor))
    assert "\0" not in str(caught.value)


def edited(**changes):
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [1], b"\0\0\0\0", raw=True)
    for name, value in changes.items():
        if isinstance(value, list):
            del getattr(tensor, name)[:]
            getattr(tensor, name).extend(value)
        else:
            setattr(tensor, name, value)
    return tensor


WRONG = {
    "another size": (edited(dims=[3]), "w has 4 bytes, its shape needs 12"),
    "a negative shape": (edited(dims=[-1]), "a shape that torch lacks"),
    "an endless shape": (edited(dims=[2**62, 2**62, 0]), "a shape that torch lacks"),
    "many dimensions": (edited(dims=[1] * 9), "has 9 dimensions"),
    "an unknown format": (edited(data_type=99), "is of data type 99"),
    "text": (helper.make_tensor("w", TensorProto.STRING, [1], [b"x"]), "is of data type 8"),
    "no name": (edited(name=""), "'' is no name of a tensor"),
    "a long name": (edited(name="x" * 10_000), "has 10000 bytes"),
    "a broken name": (edited(name="x\nx"), "is no name of a tensor"),
}


@pytest.mark.parametrize(("tensor", "what"), WRONG.values(), ids=WRONG)
def test_a_damaged_initializer_is_told(tmp_path, tensor, what):
    with pytest.raises(FileFault, match=what) as caught:
        open_tensors(written(tmp_path / "m.onnx", tensor))
    assert caught.value.path == tmp_path / "m.onnx"


def test_a_model_that_is_no_weights_is_told(tmp_path):
    whole = written(tmp_path / "m", edited()).read_bytes()
    sparse = helper.make_sparse_tensor(edited(), helper.make_tensor("i", TensorProto.INT64, [1], [0]), [3])
    cases = {
        whole[:-5]: "is cut short",
        model().SerializeToString(): "has no initializers",
        model(edited(), edited()).SerializeToString(): "w stands twice",
        model(sparse_initializer=[sparse]).SerializeToString(): "has sparse initializers",
        b"\x08\x07\x12" + b"\xff" * 20: "is cut short or damaged",
        b"\x08\x07\x3a\x02\x2b\x00" + bytes(40): "begins no field",
    }
    for content, what in cases.items():
        (tmp_path / "m").write_bytes(content)
        with pytest.raises(FileFault, match=what):
            open_tensors(tmp_path / "m")


def test_a_file_of_nothing_but_fields_ends_soon(tmp_path):
    (tmp_path / "m").write_bytes(b"\x08\x07\x3a" + b"\x80\x80\x80\x08" + b"\x08\x01" * 2**23)
    start = time.monotonic()
    with pytest.raises(FileFault, match="more fields than weights need"):
        open_tensors(tmp_path / "m")
    assert time.monotonic() - start < 10


def test_numbers_that_do_not_fill_their_shape_are_told_when_they_are_read(tmp_path):
    tensor = helper.make_tensor("w", TensorProto.INT64, [2], [1, 2])
    del tensor.int64_data[:]
    tensor.int64_data.extend([1, 2, 3])
    path = written(tmp_path / "m", tensor)
    with pytest.raises(FileFault, match="w has 3 numbers, its shape needs 2"):
        open_tensors(path)["w"]
    content = path.read_bytes()
    place = content.index(b"\x3a\x03\x01\x02\x03")
    path.write_bytes(content[:place] + b"\x3a\x03\x01\x02\xff" + content[place + 5 :])
    with pytest.raises(FileFault, match="cut short or damaged"):
        open_tensors(path)["w"]
