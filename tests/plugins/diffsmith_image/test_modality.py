import json

import pytest
import torch
from PIL import Image as Pillow

from diffsmith.errors import FileFault, SpecError
from diffsmith.pictures.files import read_facts
from diffsmith.samples import Sample, load_sample, save_sheet
from diffsmith_image.modality import Image

IMAGE = Image()


def sample(data, seed=3, label=None):
    return Sample(data, IMAGE, {"model": {"name": "unet", "note": "Größe ü"}}, seed, label)


def test_every_8_bit_value_survives_encoding_and_decoding():
    data = torch.arange(256, dtype=torch.uint8).view(1, 16, 16, 1).expand(2, -1, -1, 3)
    x = IMAGE.encode(data)
    assert x.shape == (2, 3, 16, 16)
    assert (x.min(), x.max()) == (-1, 1)
    assert torch.equal(IMAGE.decode(x), data)


def test_decoding_clips_and_rounds():
    x = torch.tensor([-9.0, -1.0, 0.0, 0.9999, 9.0]).view(1, 1, 1, 5)
    assert IMAGE.decode(x).flatten().tolist() == [0, 0, 128, 255, 255]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_lossless_files_give_back_the_pixels_and_the_facts(tmp_path, suffix, channels):
    data = torch.randint(256, (5, 7, channels), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    path = sample(data).save(tmp_path / f"deep/picture{suffix}")
    with Pillow.open(path) as image:
        read = torch.tensor(list(image.convert("RGB").tobytes())).view(5, 7, 3)
    assert torch.equal(read, data.expand(-1, -1, 3).long())
    assert json.loads(read_facts(path)["diffsmith"])["spec"]["model"]["note"] == "Größe ü"


def test_jpeg_keeps_the_facts_and_nearly_the_pixels(tmp_path):
    path = sample(torch.full((8, 8, 3), 77, dtype=torch.uint8), seed=5, label=2).save(tmp_path / "a.jpg")
    with Pillow.open(path) as image:
        assert image.format == "JPEG"
        assert abs(image.getpixel((4, 4))[0] - 77) <= 2
    made = json.loads(read_facts(path)["diffsmith"])
    assert (made["seed"], made["label"]) == (5, 2)


def test_tensors_go_to_safetensors_and_back(tmp_path):
    data = torch.randint(256, (4, 4, 1), dtype=torch.uint8)
    again = load_sample(sample(data, label=1).save(tmp_path / "a.safetensors"), IMAGE)
    assert torch.equal(again.data, data)
    assert again.label == 1


def test_a_failed_write_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = sample(torch.zeros(4, 4, 3, dtype=torch.uint8)).save(tmp_path / "a.png")
    before = path.read_bytes()

    def fail(self, file, *_, **__):
        file.write_bytes(b"half")
        raise OSError("the disk is gone")

    monkeypatch.setattr(Pillow.Image, "save", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        sample(torch.ones(4, 4, 3, dtype=torch.uint8)).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_unknown_file_endings_are_told(tmp_path):
    with pytest.raises(SpecError, match=r"'\.pgn' — did you mean '\.png'"):
        sample(torch.zeros(4, 4, 1, dtype=torch.uint8)).save(tmp_path / "a.pgn")


def test_facts_of_foreign_damaged_and_missing_pictures(tmp_path):
    Pillow.new("L", (4, 4)).save(tmp_path / "foreign.png")
    assert read_facts(tmp_path / "foreign.png") == {}
    (tmp_path / "broken.png").write_bytes((tmp_path / "foreign.png").read_bytes()[:40])
    with pytest.raises(FileFault, match=r"broken\.png: is no picture"):
        read_facts(tmp_path / "broken.png")
    with pytest.raises(FileFault, match="no such picture"):
        read_facts(tmp_path / "missing.png")


def test_a_sheet_shows_every_sample_enlarged_by_whole_pixels(tmp_path):
    shades = [torch.full((8, 8, 1), 20 * place, dtype=torch.uint8) for place in range(1, 7)]
    path = save_sheet([sample(data, seed=2**62, label=7) for data in shades], tmp_path / "sheet.png")
    with Pillow.open(path) as sheet:
        areas = {colour: count for count, colour in sheet.convert("RGB").getcolors(1 << 20)}
    for place in range(1, 7):
        assert areas[(20 * place,) * 3] >= 96 * 96


def test_captions_are_under_the_pictures(tmp_path):
    black = torch.zeros(8, 8, 1, dtype=torch.uint8)
    with Pillow.open(save_sheet([sample(black, label=None, seed=1)], tmp_path / "a.png")) as sheet:
        plain = sheet.convert("L").tobytes()
    with Pillow.open(save_sheet([sample(black, label=8, seed=1)], tmp_path / "b.png")) as sheet:
        labelled, size = sheet.convert("L").tobytes(), sheet.size
    differing = [place for place, (a, b) in enumerate(zip(plain, labelled, strict=True)) if a != b]
    assert differing
    assert min(differing) // size[0] >= 24 + 96


def test_the_embedder_is_the_features_of_the_data(digits, embed):
    features = IMAGE.embedder(digits)(digits.test.x[:5])
    assert torch.equal(features, embed(digits.test.x[:5]))
