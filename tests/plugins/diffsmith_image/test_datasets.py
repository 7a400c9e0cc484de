import numpy as np
import pytest
import torch
from PIL import Image

from diffsmith.errors import FileFault, SpecError
from diffsmith.options import checked_options
from diffsmith_image.datasets import digits, folder


def paint(path, colour, size=(40, 20), mode="RGB", **settings):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path, **settings)
    return path


def fill(root, count=10):
    for place in range(count):
        paint(root / f"{place:02}.png", (place, place, place))
    return str(root)


def whole(data):
    parts = (data.train, data.validation, data.test)
    return torch.cat([part.x for part in parts])


def test_digits_are_1797_in_three_disjoint_parts(digits):
    assert [len(part) for part in (digits.train, digits.validation, digits.test)] == [1006, 395, 396]
    assert digits.shape == (1, 8, 8)
    assert (digits.classes, digits.class_names[7]) == (10, "7")
    assert (whole(digits).min(), whole(digits).max()) == (-1, 1)
    assert digits.train.label.bincount().min() > 80


def test_digits_are_shuffled_by_their_seed(digits):
    from diffsmith_image.datasets import digits as load

    assert torch.equal(load(seed=0).train.x, digits.train.x)
    assert not torch.equal(load(seed=1).train.x, digits.train.x)


def test_a_flat_folder_has_no_classes(tmp_path):
    data = folder(path=fill(tmp_path / "flat"), size=8)
    assert (data.name, data.classes, data.train.label) == ("flat", None, None)
    assert (data.shape, len(data.train)) == ((3, 8, 8), 8)
    shades = ((whole(data)[:, 0, 0, 0] + 1) * 127.5).round().sort().values
    assert shades.tolist() == list(range(10))


def test_subfolders_are_classes_in_the_order_of_their_names(tmp_path):
    for name, colour in (("cats", 255), ("ants", 0)):
        for place in range(6):
            paint(tmp_path / name / "deep" / f"{place}.bmp", colour, mode="L")
    data = folder(path=str(tmp_path), size=8, channels=1, held_out=0.5)
    assert (data.classes, data.class_names) == (2, ("ants", "cats"))
    assert torch.equal(data.train.x[:, 0, 0, 0] > 0, data.train.label == 1)


def test_the_middle_square_is_kept(tmp_path):
    root = tmp_path / "wide"
    fill(root)
    stripes = np.zeros((20, 60, 3), np.uint8)
    stripes[:, 20:40] = 200
    for file in root.iterdir():
        Image.fromarray(stripes).save(file)
    x = whole(folder(path=str(root), size=16))
    assert ((x[..., 4:12] + 1) * 127.5).round().unique().tolist() == [200]


@pytest.mark.parametrize(
    ("mode", "colour", "seen"),
    [("RGBA", (9, 9, 9, 0), 255), ("I;16", 32896, 128), ("L", 40, 40), ("P", 0, 0), ("1", 1, 255)],
)
def test_any_pixel_format_is_read_as_it_looks(tmp_path, mode, colour, seen):
    fill(tmp_path)
    for file in tmp_path.iterdir():
        paint(file, colour, mode=mode)
    assert ((whole(folder(path=str(tmp_path), size=8)) + 1) * 127.5).round().unique().tolist() == [seen]


def test_pictures_are_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    fill(tmp_path)
    half = Image.new("L", (16, 16))
    half.paste(255, (0, 0, 16, 8))
    for file in tmp_path.iterdir():
        half.save(file, exif=exif)
    x = whole(folder(path=str(tmp_path), size=16, channels=1))
    assert x[:, :, -1].min() == 1
    assert x[:, :, 0].max() == -1


def test_the_order_is_that_of_the_names_not_of_the_disk(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    fill(first)
    for place in reversed(range(10)):
        paint(second / f"{place:02}.png", (place,) * 3)
    assert torch.equal(whole(folder(path=str(first))), whole(folder(path=str(second))))


def test_what_is_no_picture_or_hidden_is_passed_over(tmp_path):
    fill(tmp_path)
    paint(tmp_path / ".thumbnails" / "a.png", (255, 0, 0))
    for name in ("labels.csv", "notes.eps", "clip.mpg"):
        (tmp_path / name).write_text("a,b")
    data = folder(path=str(tmp_path), size=8)
    assert data.classes is None
    assert len(whole(data)) == 10


def test_every_fault_of_a_folder_is_named(tmp_path):
    with pytest.raises(FileFault, match="nowhere: there is no such folder"):
        folder(path=str(tmp_path / "nowhere"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileFault, match="empty: holds no pictures"):
        folder(path=str(tmp_path / "empty"))
    with pytest.raises(FileFault, match=r"00\.png: is no folder"):
        folder(path=fill(tmp_path / "file") + "/00.png")
    with pytest.raises(FileFault, match="holds 2 pictures: too few"):
        folder(path=fill(tmp_path / "few", count=2))
    (tmp_path / "file" / "05.png").write_bytes(b"\x89PNG and then nothing")
    with pytest.raises(FileFault, match=r"05\.png: is no picture"):
        whole(folder(path=str(tmp_path / "file")))
    paint(tmp_path / "few" / "class" / "a.png", 0)
    with pytest.raises(FileFault, match=r"00\.png: lies beside class folders"):
        folder(path=str(tmp_path / "few"))


def test_a_picture_cut_short_is_named(tmp_path):
    fill(tmp_path)
    whole_file = paint(tmp_path / "03.png", (5, 9, 200), size=(400, 400)).read_bytes()
    (tmp_path / "03.png").write_bytes(whole_file[: len(whole_file) // 2])
    with pytest.raises(FileFault, match=r"03\.png: is no picture"):
        whole(folder(path=str(tmp_path)))


@pytest.mark.parametrize(("count", "sizes"), [(3, [1, 1, 1]), (6, [4, 1, 1]), (20, [16, 2, 2])])
def test_of_few_pictures_one_is_held_out_for_each_purpose(tmp_path, count, sizes):
    data = folder(path=fill(tmp_path, count=count), size=8)
    assert [len(part) for part in (data.train, data.validation, data.test)] == sizes


def test_a_picture_is_read_when_it_is_wanted(tmp_path):
    data = folder(path=fill(tmp_path), size=8)
    held_out = [*data.validation.given.files, *data.test.given.files]
    for file in held_out:
        file.write_bytes(b"changed meanwhile")
    assert len(data.train.x) == 8
    with pytest.raises(FileFault, match="is no picture"):
        _ = data.validation.x


def test_options_are_checked_before_anything_is_read():
    with pytest.raises(SpecError, match=r"data\.size"):
        checked_options(folder, {"path": "x", "size": 0}, "data")
    with pytest.raises(SpecError, match=r"data\.path: field required"):
        checked_options(folder, {}, "data")
    with pytest.raises(SpecError, match=r"data\.channels"):
        checked_options(folder, {"path": "x", "channels": 2}, "data")
    assert checked_options(digits, {"seed": 4}, "data") == {"seed": 4}
