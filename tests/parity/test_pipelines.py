"""Whole pipelines equal diffusers': what it saved, loaded here, makes the same, task by task."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from PIL import Image
from tests.published import PIPELINES

import diffsmith
from diffsmith.diffusion.coordinates import moved_to
from diffsmith.pipeline import request_of
from diffsmith.pipeline.building import refining
from diffsmith.registry import default_registry

PROMPTS, NEGATIVES = ["a red cube on a table", "the sky at night"], ["blurry", "low quality, blurry"]
SEEDS = [3, 11]


@dataclass(frozen=True)
class Case:
    """A pipeline of tests/published.py, what diffusers' is called with, and what is asked of ours."""

    pipeline: str
    told: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    steps: int = 4
    words: bool = True


TEXT = ("sd1", "sd2", "sd2_v", "sdxl", "pixart_alpha", "pixart_sigma", "lcm")
PICTURE = ("sd1_img2img", "sdxl_img2img", "lcm_img2img", "sdxl_refiner")
FILLING = ("sd1_inpaint_4", "sd1_inpaint", "sdxl_inpaint_4", "sdxl_inpaint")
RESCALED = {"name": "cfg", "scale": 7.0, "rescale": 0.6}

CASES = {
    **{f"text: {name}": Case(name) for name in TEXT},
    "text: another size": Case("sd1", {"height": 24, "width": 40}, {"size": (24, 40)}),
    "text: no guidance": Case("sd1", {"guidance_scale": 1.0}, changes={"guidance": "none"}),
    "text: sdxl with rescaled guidance": Case(
        "sdxl", {"guidance_scale": 7.0, "guidance_rescale": 0.6}, changes={"guidance": RESCALED}
    ),
    **{f"picture: {name}": Case(name, {"strength": 0.6}, {"strength": 0.6}, steps=5) for name in PICTURE},
    "picture: all of its noise": Case("sd1_img2img", {"strength": 1.0}, {"strength": 1.0}),
    **{f"mask: {name}": Case(name, {"strength": 1.0}) for name in FILLING},
    **{
        f"mask, partly: {name}": Case(name, {"strength": 0.7}, {"strength": 0.7}, steps=6) for name in FILLING
    },
    "classes": Case("dit", {"class_labels": [4, 9]}, {"labels": [4, 9]}, words=False),
    "pixels: ddpm": Case("ddpm", words=False, steps=6),
    "pixels: ddpm with variances that the network learnt": Case("ddpm_learned", words=False, steps=6),
    "pixels: ddim": Case("ddim", words=False),
    "pixels: one step of a consistency model": Case(
        "consistency", {"class_labels": [4, 9], "batch_size": 2}, {"labels": [4, 9]}, words=False, steps=1
    ),
}


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
def pictures(tmp_path_factory):
    """The paths of a picture, and of a mask that is white on its right."""
    return draw_pictures(tmp_path_factory.mktemp("pictures"))


def draw_pictures(folder: Path) -> tuple[Path, Path]:
    """Write them."""
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "picture.png")
    white = np.zeros((32, 32), dtype=np.uint8)
    white[:, 14:] = 255
    Image.fromarray(white).save(folder / "mask.png")
    return folder / "picture.png", folder / "mask.png"


@pytest.fixture(autouse=True)
def no_chance(monkeypatch):
    """diffusers draws latents from their distribution; here both take its mode."""
    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mode())


@pytest.mark.parametrize("name", CASES)
@torch.no_grad()
def test_a_pipeline_makes_what_diffusers_makes(name, saved, pictures):
    case = CASES[name]
    theirs, folder = saved(case.pipeline)
    expected = np.stack(reference(case, theirs, pictures))
    made = ours(case, folder, pictures)
    assert made.shape == expected.shape
    assert np.abs(made - expected).max() < 1e-4


REFINED = {
    "at 0.8": (0.8, {}),
    "at 0.5": (0.5, {}),
    "without guidance": (0.8, {"guidance_scale": 1.0}),
}


@pytest.mark.parametrize("name", REFINED)
@torch.no_grad()
def test_a_refiner_takes_over_where_diffusers_does(name, saved):
    at, told = REFINED[name]
    (base, folder), (refiner, other) = saved("sdxl"), saved("sdxl_refiner")
    words = {"prompt": PROMPTS, "negative_prompt": NEGATIVES, "num_inference_steps": 7, **told}
    latents = base(**words, generator=generators(), denoising_end=at, output_type="latent").images
    expected = refiner(**words, image=latents, denoising_start=at, output_type="np").images
    pipeline = diffsmith.load(
        folder,
        engine={"device": "cpu", "dtype": "float32"},
        spacing={"name": "leading", "offset": 1, "steps": 7},
        refiner={**refining(other, default_registry()), "at": at},
        **({"guidance": "none"} if told else {}),
    )
    request = request_of(seeds=SEEDS, prompt=PROMPTS, negative=None if told else NEGATIVES)
    frames = list(pipeline.frames(request))
    assert len(frames) == pipeline.steps(request) == 7
    made = pixels(pipeline.refiner, frames[-1])
    assert np.abs(made - expected).max() < 1e-4


def generators() -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in SEEDS]


def reference(case: Case, pipeline: Any, pictures: tuple[Path, Path]) -> Any:
    """diffusers' pictures, in [0, 1]."""
    told = {"generator": generators(), **case.told}
    told |= {"num_inference_steps": case.steps, "output_type": "np"}
    if case.words:
        told |= {"prompt": PROMPTS} | ({} if "lcm" in case.pipeline else {"negative_prompt": NEGATIVES})
    if case.words and "pixart" in case.pipeline:
        told["use_resolution_binning"] = False
    if needs_picture(case):
        told["image"] = [Image.open(pictures[0])] * 2
    if "inpaint" in case.pipeline:
        told |= {"mask_image": [Image.open(pictures[1])] * 2, "height": 32, "width": 32}
    if not case.words and "class_labels" not in case.told:
        told |= {"batch_size": len(SEEDS)}
    return pipeline(**told).images


def ours(case: Case, folder: Path, pictures: tuple[Path, Path]) -> Any:
    """The same, from the folder that diffusers saved."""
    pipeline = diffsmith.load(folder, engine={"device": "cpu", "dtype": "float32"})
    spacing = pipeline.spec.spacing.model_copy(update={"steps": case.steps})
    pipeline = diffsmith.load(
        folder, engine={"device": "cpu", "dtype": "float32"}, spacing=spacing.to_dict(), **case.changes
    )
    asked = dict(case.asked)
    if case.words:
        reads = "lcm" not in case.pipeline and case.changes.get("guidance") != "none"
        asked |= {"prompt": PROMPTS} | ({"negative": NEGATIVES} if reads else {})
    if needs_picture(case):
        asked["image"] = str(pictures[0])
    if "inpaint" in case.pipeline:
        asked["mask"] = str(pictures[1])
    *_, last = pipeline.frames(request_of(seeds=SEEDS, **asked))
    return pixels(pipeline, last)


def pixels(pipeline: Any, last: Any) -> Any:
    """What a walk ends in, in [0, 1]."""
    x = moved_to(pipeline.schedule.path, last.x, last.level)
    decoded = x if pipeline.autoencoder is None else pipeline.autoencoder.decode(x)
    return (decoded / 2 + 0.5).clamp(0, 1).movedim(1, -1).numpy()


def needs_picture(case: Case) -> bool:
    return any(word in case.pipeline for word in ("img2img", "inpaint", "refiner"))


ONE_EACH = {case.pipeline: name for name, case in reversed(CASES.items())}


@pytest.mark.parametrize("pipeline", ONE_EACH)
@torch.no_grad()
def test_diffusers_opens_what_we_save_and_makes_the_same(pipeline, saved, pictures, tmp_path):
    case = CASES[ONE_EACH[pipeline]]
    theirs, folder = saved(pipeline)
    diffsmith.load(folder, engine={"device": "cpu"}).save(tmp_path / "ours")
    opened = type(theirs).from_pretrained(tmp_path / "ours")
    opened.set_progress_bar_config(disable=True)
    expected = np.stack(reference(case, theirs, pictures))
    assert np.abs(np.stack(reference(case, opened, pictures)) - expected).max() < 1e-6
    again = ours(case, tmp_path / "ours", pictures)
    assert np.abs(again - expected).max() < 1e-4
