"""`train` with clips, from a model's name or a published folder to the command that generates."""

import shlex

import numpy as np
import pytest
from PIL import Image
from tests.films import counted, film

from diffsmith.commands import progress

SMALL = ["--set", "train.steps=1", "--set", "train.batch=2", "--set", "engine.device=cpu"]


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """A folder of five clips with captions, and a picture."""
    folder = tmp_path_factory.mktemp("clips")
    for number in range(5):
        film(folder / "clips" / f"{number}.mp4", counted(4, (16, 32)) // (number + 1))
        (folder / "clips" / f"{number}.txt").write_text(f"clip {number % 2}")
    Image.fromarray(np.zeros((40, 48, 3), dtype=np.uint8)).save(folder / "picture.png")
    return folder


@pytest.mark.parametrize(
    ("kind", "asked", "told"),
    [
        ("svd", "--image picture.png", ["clips encoded", "first pictures read"]),
        ("i2vgen", '"a prompt" --image picture.png', ["clips encoded", "first pictures read"]),
        ("modelscope", '"a prompt"', ["clips encoded", "captions read"]),
    ],
)
def test_the_command_that_is_told_generates(cli, published, clips, tmp_path, monkeypatch, kind, asked, told):
    monkeypatch.setenv("DIFFSMITH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(progress, "_SECONDS_A_LINE", 0.0)
    monkeypatch.chdir(clips)
    data = [
        "--data",
        "clips",
        "--set",
        "data.path=clips",
        "--set",
        "data.size=[16,32]",
        "--set",
        "data.frames=3",
    ]
    done = cli("train", published(kind), *data, *SMALL, "--out", tmp_path / "run")
    assert done.exit_code == 0, done.stderr
    assert all(what in done.stderr for what in told)
    assert done.stdout == f"diffsmith generate {tmp_path / 'run'} {asked}\n"
    made = cli(*shlex.split(done.stdout)[1:], "--steps", "2", "--out", tmp_path / "clip.mp4")
    assert made.exit_code == 0, made.stderr


def test_data_that_could_be_learnt_from_are_named(cli, published, tmp_path):
    for model, words in (
        (published("svd"), "clips --set data.path=clips` trains on clips"),
        ("space_time_unet", "moving_digits` trains on digits that move"),
    ):
        done = cli("train", model, "--out", tmp_path)
        assert done.exit_code == 2
        assert f"--data: missing. `diffsmith train {model} --data {words}" in done.stderr
