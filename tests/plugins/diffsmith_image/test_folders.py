import pytest
from PIL import Image

from diffsmith.errors import FileFault
from diffsmith_image.folders import Pictures, classes_of


def painted(root, *names):
    for place, name in enumerate(names):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 10), (place, 0, 0)).save(file)
    return root


def captioned(root, captions):
    painted(root, *captions)
    for name, caption in captions.items():
        (root / name).with_suffix(".txt").write_text(caption, encoding="utf-8")
    return root


def test_captions_are_the_classes_each_once(tmp_path):
    root = captioned(tmp_path, {"a.png": "a dog\n", "b.jpg": "a  cat,\nhere", "c.png": "a dog", "d.png": ""})
    files, labels, names = classes_of(root)
    assert [file.name for file in files] == ["a.png", "b.jpg", "c.png", "d.png"]
    assert names == ("", "a cat, here", "a dog")
    assert labels == [2, 1, 2, 0]


def test_captions_go_before_the_folders_they_lie_in(tmp_path):
    root = captioned(tmp_path, {"x/a.png": "one", "y/b.png": "two"})
    assert classes_of(root)[2] == ("one", "two")


def test_a_picture_without_a_caption_among_others_with_one_is_named(tmp_path):
    captioned(tmp_path, {"a.png": "one"})
    painted(tmp_path, "b.png")
    with pytest.raises(FileFault, match=r"b\.png: has no caption, as others in .* write b\.txt beside it"):
        classes_of(tmp_path)


def test_a_caption_that_is_no_text_is_named(tmp_path):
    painted(tmp_path, "a.png")
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(FileFault, match=r"a\.txt: is no caption: expected text in UTF-8"):
        classes_of(tmp_path)


def test_text_beside_no_picture_is_no_caption(tmp_path):
    painted(tmp_path, "a.png", "b.png")
    (tmp_path / "readme.txt").write_text("what these are")
    assert classes_of(tmp_path)[1:] == ([0, 0], ())


@pytest.mark.parametrize(("index", "shades"), [(slice(1, 3), [1, 2]), ([3, 0], [3, 0])])
def test_some_pictures_are_read_in_their_order(tmp_path, index, shades):
    import torch

    root = painted(tmp_path, *(f"{place}.png" for place in range(4)))
    rows = Pictures(classes_of(root)[0], 8, 3)[index if isinstance(index, slice) else torch.tensor(index)]
    assert len(rows) == 2
    assert ((rows.read()[:, 0, 4, 4] + 1) * 127.5).round().tolist() == shades
