"""Walks that begin from a picture, or in a part of one; as diffusers does: tests/parity/test_pipelines.py."""

import pytest
import torch
from PIL import Image

from diffsmith.errors import FileFault, SpecError
from diffsmith.pipeline import request_of

from .untrained import finals, made


def test_the_less_of_the_walk_the_nearer_to_the_picture(picture):
    pipeline = made(None, (3, 8, 8), steps=20)
    x = pipeline.modality.read(picture, 3, (8, 8), 1)
    asked = {"image": str(picture), "size": (8, 8)}
    far = [
        (finals(pipeline, (1,), strength=strength, **asked)[0] - x).abs().mean()
        for strength in (0.05, 0.3, 1.0)
    ]
    assert far[0] < far[1] < far[2]


def test_a_picture_serves_every_seed(loaded, picture):
    pipeline = loaded("sd1", steps=4)
    asked = {"prompts": ("a cube",), "image": str(picture), "strength": 0.5}
    together = finals(pipeline, (4, 9), **asked)
    for row, seed in enumerate((4, 9)):
        torch.testing.assert_close(
            together[row : row + 1], finals(pipeline, (seed,), **asked), rtol=1e-3, atol=1e-3
        )
    assert not torch.allclose(together[0], together[1], atol=1e-2)


@pytest.mark.parametrize("kind", ["sd1", "sdxl", "ddpm"])
def test_around_a_mask_the_picture_stays_as_it_was(loaded, picture, mask, kind):
    """For models that read no mask; in network space."""
    pipeline = loaded(kind, steps=4)
    words = {} if kind == "ddpm" else {"prompt": "a cube"}
    request = request_of(image=str(picture), mask=str(mask), strength=0.8, seeds=[1, 2], **words)
    *_, last = pipeline.frames(request)
    known = pipeline.encoded(pipeline.modality.read(picture, 3, None, 2)[None]).expand_as(last.x)
    half = last.x.shape[-1] // 2
    torch.testing.assert_close(last.x[..., :half], known[..., :half])
    assert (last.x[..., half:] - known[..., half:]).abs().mean() > 0.1


def test_grey_is_white_from_the_middle_on(tmp_path, picture):
    pipeline = made(None, (3, 8, 8))
    x = pipeline.modality.read(picture, 3, (8, 8), 1)
    for grey, stays in ((127, True), (128, False)):
        Image.new("L", (8, 8), grey).save(tmp_path / "mask.png")
        asked = {"image": str(picture), "size": (8, 8), "mask": str(tmp_path / "mask.png"), "strength": 0.5}
        assert torch.equal(finals(pipeline, (1,), **asked)[0], x) == stays


@pytest.mark.parametrize(
    ("kind", "asked", "error", "told"),
    [
        ("sd1", {"image": "nix.png"}, FileFault, r"nix\.png: there is no such picture$"),
        ("sd1", {"image": __file__}, FileFault, r"test_tasks\.py: is no picture that can be read"),
        ("sd1", {"image": "PICTURE", "mask": "nix.png"}, FileFault, r"nix\.png: there is no such picture$"),
        ("sd1", {"image": "PICTURE", "mask": __file__}, FileFault, r"test_tasks\.py: is no picture"),
        (
            "sd1",
            {"mask": "PICTURE"},
            SpecError,
            r"^mask, strength: they need the image to begin from, or the video$",
        ),
        (
            "sd1",
            {"strength": 0.5},
            SpecError,
            r"^mask, strength: they need the image to begin from, or the video$",
        ),
        (
            "sd1",
            {"image": "PICTURE", "strength": 0.2},
            SpecError,
            r"^strength: 0.2 of 3 steps is none; ask for",
        ),
        ("sd1", {"image": "PICTURE", "strength": 0}, SpecError, r"^strength: input should be greater than 0"),
        ("sd1_inpaint", {}, SpecError, r"^image, mask: missing; conditional_unet only fills in a part of a"),
        ("sd1_inpaint", {"image": "PICTURE"}, SpecError, r"^image, mask: missing"),
    ],
)
def test_what_no_walk_can_begin_from_is_told(loaded, picture, kind, asked, error, told):
    given = {name: str(picture) if value == "PICTURE" else value for name, value in asked.items()}
    with pytest.raises(error, match=told):
        loaded(kind).generate("a cube", **given)


def test_a_picture_that_is_too_small_is_told(loaded, tmp_path):
    Image.new("RGB", (3, 9)).save(tmp_path / "thin.png")
    with pytest.raises(SpecError, match=r"thin\.png: 3x9 pixels are too few; at least 4x4 are needed"):
        loaded("dit").generate(labels=3, image=str(tmp_path / "thin.png"))
