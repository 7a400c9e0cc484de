from pathlib import Path

import pytest

from diffsmith import samples
from diffsmith.commands.previews import previewed, require_preview
from diffsmith.errors import SpecError
from diffsmith.pipeline import load, request_of
from diffsmith_image.modality import Image


@pytest.mark.parametrize("refined", [False, True])
def test_every_frame_is_shown_under_the_seeds_of_its_batch(published, tmp_path, monkeypatch, refined):
    """A refiner goes on with the same samples."""
    refiner = {"refiner": published("sdxl_refiner")} if refined else {}
    pipeline = load(
        published("sdxl"),
        engine={"device": "cpu", "batch": 2},
        spacing={"name": "leading", "steps": 5},
        **refiner,
    )
    shown = []
    monkeypatch.setattr(samples, "save_sheet", lambda made, path: shown.append([each.seed for each in made]))
    request = request_of(prompt="a cube", seeds=[7, 8, 9])
    frames = list(previewed(pipeline.making(request), pipeline, request, tmp_path / "p.png"))
    assert shown == [[7, 8]] * 5 + [[9]] * 5
    assert len(frames) == 10


def test_a_picture_of_another_kind_is_refused():
    with pytest.raises(SpecError, match=r"^--preview p\.gif: expected a file of \.png, \.jpg, \.webp$"):
        require_preview(Path("p.gif"), Image())
    require_preview(Path("p.PNG"), Image())
