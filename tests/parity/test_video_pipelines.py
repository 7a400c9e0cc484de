"""Whole pipelines of clips equal diffusers': what it saved, loaded here, makes the same, task by task."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.pipelines import free_init_utils
from diffusers.pipelines.animatediff import pipeline_animatediff_video2video as ANIMATEDIFF
from diffusers.pipelines.deprecated.text_to_video_synthesis import (
    pipeline_text_to_video_synth_img2img as MODELSCOPE,
)
from PIL import Image
from tests.published_video import PIPELINES
from transformers import CLIPTextModel

import diffsmith
from diffsmith.diffusion.coordinates import moved_to
from diffsmith.diffusion.levels import Level
from diffsmith.diffusion.noise import Seeded
from diffsmith.pipeline import request_of
from diffsmith.pipeline.wanting import apart

SEEDS = [3, 11]
PROMPTS, NEGATIVES = ["a red cube on a table", "the sky at night"], ["blurry", "low quality, blurry"]
WORDS = {"prompt": PROMPTS, "negative_prompt": NEGATIVES}
SIZE = {"height": 16, "width": 32}
LATENT = (8, 16)


@dataclass(frozen=True)
class Case:
    """A pipeline of tests/published_video.py, what diffusers' is called with, what is asked of ours."""

    pipeline: str
    told: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    steps: int = 3
    frames: int = 3


V2V = {"strength": 0.7}
MOVED = {"motion_bucket_id": 200, "noise_aug_strength": 0.3, "fps": 12}
MOVING = {"conditioner": {"name": "svd", "motion": 200, "augment": 0.3}}
STEADY = {"guidance": {"name": "framewise", "first": 1.5, "last": 1.5}}
CASES = {
    "picture: svd": Case("svd", {"fps": 8}),
    "picture: svd with much motion": Case("svd", MOVED, {"fps": 12}, MOVING, frames=5),
    "picture: svd guided alike in all frames": Case(
        "svd", {"fps": 8, "min_guidance_scale": 1.5, "max_guidance_scale": 1.5}, changes=STEADY
    ),
    "picture: svd, decoded in chunks": Case(
        "svd", {"fps": 8, "decode_chunk_size": 2}, changes={"engine": {"decode_frames": 2}}, frames=4
    ),
    "picture and text: i2vgen": Case("i2vgen", {"target_fps": 8}),
    "text: modelscope": Case("modelscope"),
    "text: animatediff": Case("animatediff", frames=5),
    "text: animatediff without guidance": Case(
        "animatediff", {"guidance_scale": 1.0}, changes={"guidance": "none"}
    ),
    "text: animatediff for sdxl": Case("animatediff_sdxl"),
    "clip: modelscope": Case("modelscope_v2v", V2V, V2V, steps=5),
    "clip: animatediff": Case("animatediff_v2v", V2V, V2V, steps=5),
}
PICTURE = ("svd", "i2vgen")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A pipeline's name -> (diffusers' own, the folder it was saved in), once a module."""
    made: dict[str, Any] = {}

    def of(name):
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            theirs = PIPELINES[name](tmp_path_factory.mktemp("words"))
            theirs.set_progress_bar_config(disable=True)
            theirs.save_pretrained(folder)
            made[name] = theirs, folder
        return made[name]

    return of


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A picture of the size that is made, and a clip as numbered pictures."""
    return draw_frames(tmp_path_factory.mktemp("shown"))


def draw_frames(folder: Path) -> Path:
    """Write five frames of noise."""
    folder.mkdir(exist_ok=True)
    pixels = np.random.default_rng(0)
    for number in range(5):
        frame = pixels.integers(0, 256, (SIZE["height"], SIZE["width"], 3), dtype=np.uint8)
        Image.fromarray(frame).save(folder / f"{number:04}.png")
    return folder


@pytest.fixture(autouse=True)
def no_chance(monkeypatch):
    """diffusers draws latents from their distribution; here both take its mode.

    And where it leaves out layers of CLIP it asks for a name that the encoder had before transformers 5.
    """
    monkeypatch.setattr(CLIPTextModel, "text_model", property(lambda self: self), raising=False)
    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mode())


@pytest.mark.parametrize("name", CASES)
@torch.no_grad()
def test_a_pipeline_makes_what_diffusers_makes(name, saved, shown):
    case = CASES[name]
    theirs, folder = saved(case.pipeline)
    expected = reference(case, theirs, shown)
    made = ours(case, folder, shown)
    assert made.shape == expected.shape
    assert np.abs(made - expected).max() < 1e-4


def reference(case: Case, pipeline: Any, shown: Any) -> Any:
    """diffusers' clips [B, F, H, W, C] in [0, 1]."""
    told = {"num_inference_steps": case.steps, "output_type": "np", **case.told}
    if "v2v" not in case.pipeline:
        told |= {"num_frames": case.frames, **SIZE}
    if case.pipeline != "svd":
        told |= WORDS if case.told.get("guidance_scale") != 1.0 else {"prompt": PROMPTS}
    if case.pipeline in PICTURE:
        told["image"] = [Image.open(shown / "0000.png")] * 2
    if "v2v" in case.pipeline:
        clip = [Image.open(shown / f"{number:04}.png") for number in range(case.frames)]
        told["video"] = [clip] * 2
    if case.pipeline == "animatediff_v2v":
        told |= SIZE
    told["generator"] = [torch.Generator().manual_seed(seed) for seed in SEEDS]
    if case.pipeline == "svd":  # it draws its noise frame by frame, and that of the picture before
        told["generator"] = [torch.Generator().manual_seed(seed) for seed in apart(SEEDS)]
        told["latents"] = noise(4, case.frames, *LATENT).movedim(2, 1)
    if "v2v" in case.pipeline:  # one clip at a time
        return np.concatenate([moved(pipeline, one(told, row), row, case) for row in range(len(SEEDS))])
    return np.stack(pipeline(**told).frames)


def moved(pipeline: Any, told: dict[str, Any], row: int, case: Case) -> Any:
    """A clip of diffusers' from a clip, with our noise: theirs is drawn frame by frame, ours all at once."""
    drawn = noise(4, case.frames, *LATENT)[row].movedim(1, 0)
    drawn, module = (drawn, MODELSCOPE) if "modelscope" in case.pipeline else (drawn[None], ANIMATEDIFF)
    with patch.object(module, "randn_tensor", lambda *_, **__: drawn):
        return np.stack(pipeline(**told).frames)


def one(told: dict[str, Any], row: int) -> dict[str, Any]:
    """What is told of one sample alone."""
    return {name: value[row] if isinstance(value, list) else value for name, value in told.items()}


def noise(*shape: int) -> torch.Tensor:
    unit = Level(0.0, 1.0)
    return Seeded(SEEDS)(torch.empty(len(SEEDS), *shape), unit, unit)


def ours(case: Case, folder: Any, shown: Any) -> Any:
    """The same, from the folder that diffusers saved."""
    engine = {"device": "cpu", "dtype": "float32", **case.changes.get("engine", {})}
    spacing = diffsmith.load(folder, engine=engine).spec.spacing.model_copy(update={"steps": case.steps})
    changes = {**case.changes, "engine": engine, "spacing": spacing.to_dict()}
    pipeline = diffsmith.load(folder, **changes)
    asked = {"frames": case.frames, "size": (SIZE["height"], SIZE["width"]), **case.asked}
    if "text" in pipeline.reads:
        guided = case.changes.get("guidance") != "none"
        asked |= {"prompt": PROMPTS} | ({"negative": NEGATIVES} if guided else {})
    if "picture" in pipeline.reads:
        asked["image"] = str(shown / "0000.png")
    if "v2v" in case.pipeline:
        asked["video"] = str(shown)
    *_, last = pipeline.frames(request_of(seeds=SEEDS, **asked))
    x = moved_to(pipeline.schedule.path, last.x, last.level)
    return pixels(pipeline, x)


def pixels(pipeline: Any, x: torch.Tensor) -> Any:
    """Clips in [0, 1], unrounded: the modality's own decoding keeps whole levels alone."""

    class Unrounded:
        def decode(self, x):
            return (x / 2 + 0.5).clamp(0, 1).movedim(1, -1)

    from dataclasses import replace

    return replace(pipeline.coding, modality=Unrounded()).decoded(x).numpy()


@torch.no_grad()
def test_the_walk_again_is_diffusers(saved, shown):
    """FreeInit, whose fresh noise is ours."""
    case = Case("animatediff", changes={"freeinit": {"iterations": 3, "spatial_stop": 0.5}})
    theirs, folder = saved("animatediff")
    fresh = (Seeded(apart(SEEDS, number)) for number in (1, 2))

    def drawn(shape, **_):
        return next(fresh)(torch.empty(shape), Level(0.0, 1.0), Level(0.0, 1.0))

    theirs.enable_free_init(num_iters=3, spatial_stop_frequency=0.5)
    try:
        with patch.object(free_init_utils, "randn_tensor", drawn):
            expected = reference(case, theirs, shown)
    finally:
        theirs.disable_free_init()
    assert np.abs(ours(case, folder, shown) - expected).max() < 1e-4


ONE_EACH = {case.pipeline: name for name, case in reversed(CASES.items())}


@pytest.mark.parametrize("pipeline", ONE_EACH)
@torch.no_grad()
def test_diffusers_opens_what_we_save_and_makes_the_same(pipeline, saved, shown, tmp_path):
    case = CASES[ONE_EACH[pipeline]]
    theirs, folder = saved(pipeline)
    diffsmith.load(folder, engine={"device": "cpu"}).save(tmp_path / "ours")
    opened = type(theirs).from_pretrained(tmp_path / "ours")
    opened.set_progress_bar_config(disable=True)
    expected = reference(case, theirs, shown)
    assert np.abs(reference(case, opened, shown) - expected).max() < 1e-6
    again = ours(case, tmp_path / "ours", shown)
    assert np.abs(again - expected).max() < 1e-4
