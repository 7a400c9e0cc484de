"""A sweep over clips: what is measured, what is drawn, what is asked for."""

from dataclasses import replace

import av
import pytest
from PIL import Image

import diffsmith
from diffsmith.commands.recall import recalled
from diffsmith.documents import write_yaml
from diffsmith.errors import DiffsmithError
from diffsmith.tuner import api
from diffsmith_video import features
from diffsmith_video.reading import read_clip

FRAMES, SIDE = 4, 12
BASE = {
    "model": {"name": "space_time_unet", "width": 8, "multipliers": [1], "patch": 4},
    "data": {"name": "moving_digits", "frames": FRAMES, "size": SIDE, "clips": 100},
    "train": {"steps": 4, "batch": 4, "warmup": 0},
    "spacing": {"steps": 2},
    "engine": {"device": "cpu"},
}


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    """A space file whose trials take a blink each."""
    file = tmp_path_factory.mktemp("space") / "tiny_clips.yaml"
    return write_yaml(file, {"base": BASE, "space": {"train.lr": [0.001, 0.003]}})


@pytest.fixture(scope="module", autouse=True)
def environment(tmp_path_factory):
    """No tracking, and features that are learnt in a blink, in a cache of their own."""
    learn = features.classifier_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features, "classifier_of", lambda rows, recipe: learn(rows, replace(recipe, steps=4)))
        patch.setenv("DIFFSMITH_TRACKING", "off")
        patch.delenv("DIFFSMITH_STORAGE", raising=False)
        patch.setenv("DIFFSMITH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def finished(space, tmp_path_factory, registry):
    runs = tmp_path_factory.mktemp("runs")
    return api.sweep(str(space), trials=2, workers=0, samples=16, runs=runs, registry=registry)


def test_clips_are_weighed_by_what_a_frame_takes(finished):
    assert finished.spec.objectives == {"frechet_video": "minimize", "frame_latency": "minimize"}
    for trial in finished.trials:
        assert trial.state == "complete", trial.reason
        assert {"frechet_video", "frame_consistency", "flicker", "motion", "memory"} <= trial.scores.keys()
        assert trial.scores["frame_latency"] == pytest.approx(trial.scores["latency"] / FRAMES)


def test_the_best_is_shown_still_and_moving(finished):
    still = Image.open(finished.folder / "samples.png")
    assert len(set(still.convert("L").getdata())) > 2
    moving = read_clip(finished.folder / "samples.mp4", 3)
    assert moving.shape[1] == FRAMES
    assert moving.std() > 0
    with av.open(str(finished.folder / "samples.mp4")) as file:
        assert file.streams.video[0].average_rate == 8


def test_every_rung_has_a_sheet_of_each_kind(finished):
    for trial in finished.trials:
        for rung in trial.rungs:
            sheet = trial.folder / rung.sheet
            assert (sheet.suffix, sheet.exists(), sheet.with_suffix(".mp4").exists()) == (".png", True, True)


def test_the_best_makes_clips_that_tell_what_they_were_made_of(finished, registry, tmp_path):
    pipeline = diffsmith.load(finished.folder / "best")
    (sample,) = pipeline.generate(labels=3, frames=6)
    assert (tuple(sample.data.shape), sample.rate) == ((6, SIDE, SIDE, 1), 8)
    made = recalled(sample.save(tmp_path / "clip.mp4"), registry)
    assert made.spec["model"]["shape"] == [1, FRAMES, SIDE, SIDE]
    assert made.request == {"labels": (3,), "seeds": (0,), "frames": 6}


def test_a_bound_of_what_a_frame_takes_is_kept(cli, space, finished, tmp_path):
    words = ["sweep", space, "--trials", "1", "--workers", "0", "--samples", "16", "--runs"]
    done = cli(*words, tmp_path / "loose", "--max-frame-latency", "10s")
    assert done.exit_code == 0, done.stderr
    assert "frame_latency" in done.stderr + done.stdout
    assert "samples.mp4" in done.stdout
    tight = cli(*words, tmp_path / "tight", "--max-frame-latency", "0.001ms")
    assert not (tmp_path / "tight" / "tiny_clips" / "best").exists()
    assert "frame_latency" in tight.stderr + tight.stdout
    wrong = cli(*words, tmp_path / "wrong", "--max-frame-latency", "quick")
    assert wrong.exit_code == 2
    assert "--max-frame-latency: 'quick' is no duration" in wrong.stderr


def test_pictures_have_no_frames_to_bound(registry, tmp_path):
    with pytest.raises(DiffsmithError, match="frame_latency"):
        api.sweep(
            "digits", trials=1, workers=0, runs=tmp_path, registry=registry, constraints={"frame_latency": 1}
        )
    assert list(tmp_path.iterdir()) == []
