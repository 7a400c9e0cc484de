import numpy as np
import pytest
import torch
from tests.films import counted, film, numbers

from diffsmith.cards import DatasetCard, cards_in
from diffsmith.errors import FileFault, SpecError
from diffsmith.hookspecs import hookimpl
from diffsmith.options import checked_options
from diffsmith.registry import Registry
from diffsmith_video.datasets import clips, moving_digits


def fill(root, count=10, frames=8, names="{:02}.mp4"):
    """Clips whose frames hold numbers that are in no other clip."""
    for place in range(count):
        film(root / names.format(place), counted(256)[place * frames : (place + 1) * frames])
    return str(root)


def whole(data):
    return [part.x for part in (data.train, data.validation, data.test)]


class Plugin:
    @hookimpl
    def diffsmith_datasets(self):
        return cards_in("diffsmith_video.datasets", DatasetCard, modality="video")


def test_data_sets_are_known_however_they_are_written():
    registry = Registry([("video", Plugin)])
    assert registry.names("datasets") == ["clips", "moving_digits"]
    for name in ("moving_digits", "moving-digits", "Moving Digits"):
        assert registry.get("datasets", name).function is moving_digits
    assert all(card.summary.endswith(".") for card in registry.entries("datasets"))


def test_moving_digits_are_two_thousand_clips_in_three_parts():
    data = moving_digits()
    assert [len(part) for part in (data.train, data.validation, data.test)] == [1200, 400, 400]
    assert (data.name, data.modality, data.shape, data.fps) == ("moving_digits", "video", (1, 8, 16, 16), 8.0)
    assert (data.classes, data.class_names[7]) == (10, "7")
    assert data.train.label.bincount().tolist() == [120] * 10
    assert data.train.label.dtype == torch.int64


@pytest.mark.parametrize(("label", "classes", "name"), [("motion", 8, "down"), ("both", 80, "0 down")])
def test_moving_digits_can_be_told_apart_by_their_motion(label, classes, name):
    data = moving_digits(label=label, clips=200)
    assert (data.classes, data.class_names[2]) == (classes, name)
    assert data.train.label.max() == classes - 1


def test_moving_digits_have_the_form_that_is_asked_for():
    data = moving_digits(frames=3, size=24, clips=100, motion=0.0)
    assert data.shape == (1, 3, 24, 24)
    assert torch.equal(data.test.x[:, :, 0], data.test.x[:, :, 2])


def test_a_folder_of_clips_is_divided_into_three_parts(tmp_path):
    data = clips(path=fill(tmp_path / "films"), size=(32, 64), frames=4, channels=1)
    assert (data.name, data.modality, data.shape, data.fps) == ("films", "video", (1, 4, 32, 64), 8.0)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [8, 1, 1]
    assert (data.classes, data.train.label) == (None, None)
    shown = [number for x in whole(data) for row in x for number in numbers(row)]
    assert sorted(shown) == [place * 8 + frame for place in range(10) for frame in range(2, 6)]


def test_subfolders_are_classes(tmp_path):
    for name, level in (("night", 20), ("day", 230)):
        for place in range(6):
            film(tmp_path / name / f"{place}.mp4", np.full((8, 32, 32, 3), level, np.uint8))
    data = clips(path=str(tmp_path), size=32, frames=2, held_out=0.5)
    assert (data.classes, data.class_names) == (2, ("day", "night"))
    for part in (data.train, data.validation, data.test):
        assert torch.equal(part.x[:, 0, 0, 16, 16] < 0, part.label == 1)


def test_windows_of_one_clip_stand_in_one_part(tmp_path):
    data = clips(path=fill(tmp_path, 12), size=(32, 64), frames=2, windows=4, held_out=0.5, channels=1)
    films = [{numbers(row)[0] // 8 for row in x} for x in whole(data)]
    assert [len(part) for part in (data.train, data.validation, data.test)] == [24, 12, 12]
    assert sum(map(len, films)) == 12
    assert len(set.union(*films)) == 12


def test_clips_that_are_too_short_give_no_rows(tmp_path):
    fill(tmp_path, 6)
    film(tmp_path / "short.mp4", counted(3))
    assert sum(map(len, whole(clips(path=str(tmp_path), size=32, frames=8)))) == 6
    what = r"holds no clip of 9 frames at 8 a second; ask for fewer frames"
    with pytest.raises(FileFault, match=what):
        clips(path=str(tmp_path), size=32, frames=9)


def test_the_order_is_that_of_the_names_and_the_seed(tmp_path):
    path = fill(tmp_path)
    given = {"path": path, "size": 32, "frames": 2}
    assert torch.equal(clips(**given).train.x, clips(**given).train.x)
    assert not torch.equal(clips(**given).train.x, clips(**given, seed=1).train.x)


@pytest.mark.parametrize(("count", "sizes"), [(3, [1, 1, 1]), (6, [4, 1, 1]), (20, [16, 2, 2])])
def test_of_few_clips_one_is_held_out_for_each_purpose(tmp_path, count, sizes):
    data = clips(path=fill(tmp_path, count), size=32, frames=2)
    assert [len(part) for part in (data.train, data.validation, data.test)] == sizes


def test_faults_of_folders_are_told(tmp_path):
    with pytest.raises(FileFault, match="nowhere: there is no such folder"):
        clips(path=str(tmp_path / "nowhere"))
    with pytest.raises(FileFault, match="holds 2 clips: too few"):
        clips(path=fill(tmp_path, 2), frames=2)
    (tmp_path / "broken.mp4").write_bytes(b"nothing of the kind")
    with pytest.raises(FileFault, match=r"broken\.mp4: is no clip that can be read"):
        clips(path=str(tmp_path), frames=2)


def test_a_clip_is_read_when_it_is_wanted(tmp_path):
    data = clips(path=fill(tmp_path), size=32, frames=2)
    for part in (data.validation, data.test):
        for window in part.given.windows:
            window.clip.write_bytes(b"changed meanwhile")
    assert len(data.train.x) == 8
    with pytest.raises(FileFault, match="is no clip that can be read"):
        _ = data.test.x


def test_options_are_checked_before_anything_is_read():
    with pytest.raises(SpecError, match=r"data\.size"):
        checked_options(clips, {"path": "x", "size": 0}, "data")
    with pytest.raises(SpecError, match=r"data\.path: field required"):
        checked_options(clips, {}, "data")
    with pytest.raises(SpecError, match=r"data\.fit"):
        checked_options(clips, {"path": "x", "fit": "squash"}, "data")
    with pytest.raises(SpecError, match=r"data\.label"):
        checked_options(moving_digits, {"label": "colour"}, "data")
    assert checked_options(clips, {"path": "x", "size": [32, 64]}, "data")["size"] == (32, 64)
