"""What networks of clips are told of a text, a picture, a speed and the places of cameras."""

import pytest
import torch
from tests.checkpoints import parts, sdxl_texts
from tests.published_video import image_encoder

from diffsmith.conditioning import Wanted
from diffsmith.errors import SpecError
from diffsmith_video.cameras import orbit
from diffsmith_video.conditioners.heads import head_views
from diffsmith_video.conditioners.pictures import svd
from diffsmith_video.conditioners.views import mvdream
from diffsmith_video.conditioners.words_and_pictures import i2vgen, videocrafter_image
from diffsmith_video.conditioners.words_and_speed import videocrafter

MADE = {
    "svd": svd,
    "i2vgen": i2vgen,
    "videocrafter": videocrafter,
    "videocrafter_image": videocrafter_image,
    "mvdream": mvdream,
    "head_views": head_views,
}


@pytest.fixture(scope="module")
def component(tmp_path_factory):
    folder = sdxl_texts(tmp_path_factory.mktemp("parts"))
    image_encoder(32).save_pretrained(folder / "image_encoder")
    return parts(folder)


def asked(**rest):
    """Two clips of five frames; latents are every second pixel."""
    generator = torch.Generator().manual_seed(0)
    original = torch.rand(1, 3, 60, 120, generator=generator) * 2 - 1
    whole = {
        "prompts": ["a cat", "a dog"],
        "size": (16, 32),
        "frames": 5,
        "fps": 12.0,
        "original": original,
        "picture": torch.nn.functional.interpolate(original, (16, 32)),
        "encode": lambda x: x[:, :, ::2, ::2] * 0.5,
        "raw": lambda x: x[:, :, ::2, ::2],
        "noise": torch.ones_like,
    }
    return Wanted(**{**whole, **rest})


@pytest.mark.parametrize("name", MADE)
def test_both_branches_hold_the_same_names_and_shapes(component, name):
    made = MADE[name](component)
    alone, guided = made(asked(), guided=False), made(asked(), guided=True)
    assert [*alone] == ["conditional"]
    assert [*guided] == ["conditional", "unconditional"]
    shapes = [{key: value.shape for key, value in known.items()} for known in guided.values()]
    assert shapes[0] == shapes[1]
    assert all(shape[0] == 2 for shape in shapes[0].values())
    for key, value in alone["conditional"].items():
        torch.testing.assert_close(value, guided["conditional"][key])
    assert all(value.isfinite().all() for known in guided.values() for value in known.values())
    assert made.encoders


def test_svd_is_told_speed_motion_and_noise(component):
    known = svd(component, motion=200, augment=0.5)(asked(), guided=True)
    assert known["conditional"]["numbers"].tolist() == [[11, 200, 0.5]] * 2
    torch.testing.assert_close(
        known["conditional"]["beside"][:, :, 0], asked().picture.expand(2, -1, -1, -1)[:, :, ::2, ::2] + 0.5
    )
    assert not known["unconditional"]["beside"].any()
    assert not known["unconditional"]["text"].any()
    assert known["unconditional"]["numbers"].tolist() == [[11, 200, 0.5]] * 2


def test_i2vgen_tells_each_frame_its_place(component):
    known = i2vgen(component)(asked(), guided=True)
    beside = known["conditional"]["beside"]
    assert beside.shape == (2, 3, 5, 8, 16)
    torch.testing.assert_close(beside[:, :, 0], asked().picture.expand(2, -1, -1, -1)[:, :, ::2, ::2] * 0.5)
    assert beside[0, 0, 1:, 0, 0].tolist() == [0.25, 0.5, 0.75, 1.0]
    assert torch.equal(known["unconditional"]["beside"], beside)
    assert known["conditional"]["fps"].tolist() == [12, 12]
    assert not known["unconditional"]["image"].any()


def test_videocrafter_sees_grey_in_place_of_no_picture(component):
    known = videocrafter_image(component)(asked(), guided=True)
    grey = videocrafter_image(component)(asked(original=torch.zeros(1, 3, 60, 120)), guided=False)
    torch.testing.assert_close(known["unconditional"]["image"], grey["conditional"]["image"])
    assert not torch.equal(known["conditional"]["image"], known["unconditional"]["image"])


def test_mvdream_is_seen_from_around(component):
    known = mvdream(component, elevation=30, azimuth=0, span=180)(asked(frames=4), guided=True)
    cameras = orbit(4, elevation=30, azimuth=0, span=180).flatten(1)
    for branch in known.values():
        torch.testing.assert_close(branch["camera"], cameras.expand(2, -1, -1))


def test_a_head_is_seen_in_a_half_circle_and_normals_are_unknown(component):
    known = head_views(component)(asked(frames=3), guided=False)["conditional"]
    assert known["camera"].shape == (2, 3, 12)
    assert known["beside"].shape == (2, 4, 1, 8, 16)
    assert not known["beside"].any()
    assert "beside" not in head_views(component, normals=0)(asked(), guided=False)["conditional"]


@pytest.mark.parametrize("name", ["svd", "i2vgen", "videocrafter_image", "head_views"])
def test_a_missing_picture_is_told(component, name):
    with pytest.raises(SpecError, match=r"^image: missing"):
        MADE[name](component)(asked(original=None, picture=None), guided=True)


@pytest.mark.parametrize("name", ["svd", "i2vgen"])
def test_a_missing_autoencoder_is_told(component, name):
    with pytest.raises(SpecError, match=r"^autoencoder: missing"):
        MADE[name](component)(asked(encode=None, raw=None), guided=True)


def test_a_missing_encoder_is_told(component):
    told = r"^weights: they hold no 'image_encoder', and the model looks at pictures with it"
    with pytest.raises(SpecError, match=told):
        svd(lambda part: None)
