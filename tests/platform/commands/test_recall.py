import json

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from diffsmith.commands.recall import Recalled, recalled
from diffsmith.errors import FileFault
from diffsmith.registry import default_registry

MADE = {"spec": {"model": "unet"}, "seed": 3, "label": None}


def picture(path, told):
    chunks = PngInfo()
    chunks.add_text("diffsmith", told)
    Image.new("L", (2, 2)).save(path, pnginfo=chunks)
    return path


def test_a_picture_tells_what_it_was_made_of(tmp_path):
    made = recalled(picture(tmp_path / "a.png", json.dumps(MADE)), default_registry())
    assert made == Recalled({"model": "unet"}, {"seeds": (3,)})


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".safetensors"])
def test_every_kind_of_file_tells(trained, tmp_path, suffix):
    from diffsmith import load

    (sample,) = load(trained).generate(labels=4, seed=7)
    made = recalled(sample.save(tmp_path / f"a{suffix}"), default_registry())
    assert made == Recalled(sample.spec, {"labels": (4,), "seeds": (7,)})


@pytest.mark.parametrize(
    "told",
    [
        "",
        "[",
        "[]",
        "{}",
        '{"spec": 3, "seed": 1, "label": 1}',
        '{"spec": {}, "seed": "x", "label": 1}',
        '{"spec": {}}',
    ],
)
def test_damaged_facts_are_told(tmp_path, told):
    with pytest.raises(FileFault, match=r"a\.png: "):
        recalled(picture(tmp_path / "a.png", told), default_registry())


def test_files_that_tell_nothing_are_told(tmp_path):
    Image.new("L", (2, 2)).save(tmp_path / "plain.png")
    Image.new("L", (2, 2)).save(tmp_path / "plain.jpg")
    (tmp_path / "words.txt").write_text("hello")
    (tmp_path / "cut.png").write_bytes((tmp_path / "plain.png").read_bytes()[:40])
    for name in ("plain.png", "plain.jpg", "words.txt"):
        with pytest.raises(FileFault, match="holds no diffsmith spec"):
            recalled(tmp_path / name, default_registry())
    with pytest.raises(FileFault, match=r"cut\.png: is no picture"):
        recalled(tmp_path / "cut.png", default_registry())
    with pytest.raises(FileFault, match="there is no such sample"):
        recalled(tmp_path / "nowhere.png", default_registry())
