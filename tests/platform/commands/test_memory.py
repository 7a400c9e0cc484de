"""Where memory runs out, what to do about it is one sentence: what saves most there comes first."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

import diffsmith
from diffsmith.commands.memory import is_out_of_memory, size
from diffsmith.pipeline import request_of
from diffsmith.pipeline.asking import Asked
from diffsmith.pipeline.memory import savings

SIZE = (32, 48)
ERRORS = {
    "a GPU's": torch.OutOfMemoryError(
        "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total..."
    ),
    "the machine's": RuntimeError(
        "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried "
        "to allocate 4398046511104 bytes. Error code 12 (Cannot allocate memory)"
    ),
    "Python's": MemoryError(),
}


@pytest.fixture
def without_memory(monkeypatch):
    """without_memory(error): every question to a network ends like that."""

    def run_out(error):
        def none_left(*_):
            raise error

        monkeypatch.setattr(Asked, "__call__", none_left)

    return run_out


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "picture.png"
    Image.fromarray(np.zeros((32, 48, 3), dtype=np.uint8)).save(path)
    return path


def test_the_sentence_names_what_would_save_most_first(cli, published, picture, without_memory, tmp_path):
    pipeline = diffsmith.load(published("svd"))
    needed, saved = savings(pipeline, request_of(seeds=[0, 1], image=picture, size=SIZE))
    without_memory(ERRORS["a GPU's"])
    asked = ["--image", picture, "--seed", "0,1", "--size", "48x32", "--steps", "2"]
    done = cli("generate", published("svd"), *asked, "--out", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (1, "")
    *_, told = done.stderr.strip().splitlines()
    assert told.startswith(
        f"Error: not enough memory: this needs about {size(needed.total)}. Try, in this order,"
    )
    named = re.findall(r"--set (\S+) \(saves ([^)]+)\)", told)
    assert named == [(setting, size(most)) for setting, most in saved]
    assert len(named) > 2
    assert told.endswith(", fewer --frames or a smaller --size")


def test_each_setting_that_is_named_can_be_set(cli, published, without_memory, tmp_path, monkeypatch):
    words = ["generate", published("animatediff"), "x", "--frames", "4", "--size", "32x16", "--steps", "1"]
    with monkeypatch.context():
        without_memory(ERRORS["a GPU's"])
        told = cli(*words, "--out", tmp_path / "a.mp4").stderr
    monkeypatch.undo()
    settings = re.findall(r"--set (\S+) \(saves", told)
    assert {"engine.dtype=bfloat16", "engine.guidance=apart", "context.length=2"} <= {*settings}
    all_of_them = [word for setting in settings for word in ("--set", setting)]
    done = cli(*words, *all_of_them, "--out", tmp_path / "a.mp4")
    assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize("name", ERRORS)
def test_of_a_picture_no_frames_are_told(cli, published, without_memory, tmp_path, name):
    without_memory(ERRORS[name])
    told = cli("generate", published("sd1"), "a cube", "--steps", "2", "--out", tmp_path / "a.png").stderr
    assert told.strip().endswith(", a smaller --size")
    assert "frames" not in told


def test_other_errors_stay_what_they_are(cli, published, without_memory, tmp_path):
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    without_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    done = cli("generate", published("sd1"), "a cube", "--steps", "2", "--out", tmp_path / "a.png")
    assert "unexpected RuntimeError: mat1" in done.stderr


@pytest.mark.parametrize(("count", "told"), [(5 * 2**20, "5 MiB"), (3 * 2**29, "1.5 GiB"), (10, "0 MiB")])
def test_bytes_in_the_unit_that_suits_them(count, told):
    assert size(count) == told
