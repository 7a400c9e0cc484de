import pytest
import torch
from PIL import Image
from tests.films import animation, counted, film, numbers

from diffsmith.errors import FileFault
from diffsmith_video.folders import Clips, Form, Window, clips_of, windows_of

FORM = Form(frames=4, rate=8.0, size=(32, 64), channels=1, fit="crop")


def filmed(root, *names, count=8):
    for name in names:
        film(root / name, counted(count))
    return root


def captioned(root, captions):
    filmed(root, *captions)
    for name, caption in captions.items():
        (root / name).with_suffix(".txt").write_text(caption, encoding="utf-8")
    return root


def stills(folder, count=8):
    folder.mkdir(parents=True)
    for number, frame in enumerate(counted(count)):
        Image.fromarray(frame).save(folder / f"{number}.png")


def starts(count, most, frames=4, tmp=None):
    return [window.start for window in windows_of([tmp], FORM._replace(frames=frames), most)[0]]


def test_clips_of_all_kinds_are_found_in_the_order_of_their_names(tmp_path):
    filmed(tmp_path, "b.mp4", "a.webm", "deep/c.mkv", ".hidden/d.mp4", "e.mov")
    animation(tmp_path / "f.gif", counted(8))
    stills(tmp_path / "g")
    for name in ("notes.md", "cover.png", "deep/voice.wav"):
        (tmp_path / name).write_bytes(b"something else")
    (tmp_path / "deep/c.mkv").rename(tmp_path / "c.mkv")
    clips, labels, names = clips_of(tmp_path)
    assert [clip.name for clip in clips] == ["a.webm", "b.mp4", "c.mkv", "e.mov", "f.gif", "g"]
    assert (labels, names) == ([0] * 6, ())


def test_subfolders_are_classes_in_the_order_of_their_names(tmp_path):
    filmed(tmp_path, "run/1.mp4", "jump/deep/2.mp4", "run/3.mp4")
    stills(tmp_path / "walk/first")
    clips, labels, names = clips_of(tmp_path)
    assert names == ("jump", "run", "walk")
    assert [names[label] for label in labels] == ["jump", "run", "run", "walk"]
    assert clips[-1] == tmp_path / "walk/first"


def test_folders_that_divide_a_data_set_are_no_classes(tmp_path):
    filmed(tmp_path, "train/run/1.mp4", "Test/jump/2.mp4")
    assert clips_of(tmp_path)[2] == ("jump", "run")
    filmed(tmp_path / "flat", "train/1.mp4", "test/2.mp4")
    assert clips_of(tmp_path / "flat")[1:] == ([0, 0], ())


def test_captions_beside_are_the_classes_each_once(tmp_path):
    root = captioned(tmp_path, {"x/a.mp4": "a dog\n", "x/b.mp4": "a  cat,\nhere", "y/c.mp4": "a dog"})
    stills(root / "z/d")
    (root / "z/d.txt").write_text("", encoding="utf-8")
    assert clips_of(root)[1:] == ([2, 1, 2, 0], ("", "a cat, here", "a dog"))


def test_a_clip_without_a_caption_among_others_with_one_is_named(tmp_path):
    captioned(tmp_path, {"a.mp4": "one"})
    filmed(tmp_path, "b.mp4")
    with pytest.raises(FileFault, match=r"b\.mp4: has no caption, as others in .* write b\.txt beside it"):
        clips_of(tmp_path)


def test_a_caption_that_is_no_text_is_named(tmp_path):
    filmed(tmp_path, "a.mp4")
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(FileFault, match=r"a\.txt: is no caption: expected text in UTF-8"):
        clips_of(tmp_path)


def test_faults_of_folders_are_named(tmp_path):
    with pytest.raises(FileFault, match="nowhere: there is no such folder"):
        clips_of(tmp_path / "nowhere")
    with pytest.raises(FileFault, match="holds no clips"):
        clips_of(tmp_path)
    filmed(tmp_path, "a.mp4", "run/b.mp4")
    with pytest.raises(FileFault, match=r"a\.mp4: is no folder of clips"):
        clips_of(tmp_path / "a.mp4")
    with pytest.raises(FileFault, match=r"a\.mp4: lies beside class folders"):
        clips_of(tmp_path)


@pytest.mark.parametrize(
    ("frames", "most", "begins"),
    [(4, 1, [8]), (4, 2, [3, 13]), (4, 9, [0, 4, 8, 12, 16]), (20, 3, [0]), (21, 3, []), (1, 1, [9])],
)
def test_windows_are_spread_evenly_and_share_no_frame(tmp_path, frames, most, begins):
    path = film(tmp_path / "a.mp4", counted(20))
    assert starts(20, most, frames, path) == begins


def test_windows_count_the_frames_at_the_wanted_rate(tmp_path):
    path = film(tmp_path / "a.mp4", counted(60), rate=30)
    (windows,) = windows_of([path], FORM, 4)
    assert [window.start for window in windows] == [0, 4, 8, 12]
    assert [numbers(Clips([window], FORM).read()[0])[0] for window in windows] == [0, 15, 30, 45]


def test_windows_are_read_in_any_order(tmp_path):
    paths = [film(tmp_path / f"{name}.mp4", counted(8)) for name in "ab"]
    rows = Clips([Window(path, start) for path in paths for start in (0, 4)], FORM)
    assert rows.read().shape == (4, 1, 4, 32, 64)
    some = rows[torch.tensor([3, 0])]
    assert len(some) == 2
    assert [numbers(x) for x in some.read()] == [[4, 5, 6, 7], [0, 1, 2, 3]]
    assert len(rows[1:3]) == 2


def test_clips_are_given_the_form_that_is_asked_for(tmp_path):
    path = film(tmp_path / "a.mp4", counted(8))
    form = Form(4, 8.0, (20, 24), 3, "pad")
    x = Clips([Window(path, 0)], form).read()
    assert x.shape == (1, 3, 4, 20, 24)
    assert x[..., 0, :].max() == -1  # black above what is wide


def test_a_clip_that_ends_before_it_says_is_named(tmp_path):
    path = film(tmp_path / "a.mp4", counted(8))
    with pytest.raises(FileFault, match=r"a\.mp4: ends after 8 frames at 8 a second, earlier than it says"):
        Clips([Window(path, 6)], FORM).read()
