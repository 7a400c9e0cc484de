"""`generate` with what diffusers wrote: text, pictures, masks, a refiner; and the same sample once more."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from diffsmith.pictures.files import read_facts


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """The folder of picture.png and mask.png, 32 by 32."""
    folder = tmp_path_factory.mktemp("pictures")
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "picture.png")
    Image.fromarray(np.where(np.arange(32) < 16, 0, 255).astype(np.uint8)[None].repeat(32, 0)).save(
        folder / "mask.png"
    )
    return folder


def test_all_that_one_can_ask_for(cli, published, tmp_path):
    words = ["a red cube", "--negative", "blurry", "--seed", "0-3", "--size", "40x24", "--steps", "3"]
    how = ["--scheduler", "dpm++ 2m karras", "--guidance", "5", "--preview", tmp_path / "p.png"]
    done = cli("generate", published("sd1"), *words, *how, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    names = [*(f"seed{seed}.png" for seed in range(4)), "sheet.png"]
    assert done.stdout.split() == [str(tmp_path / "out" / name) for name in names]
    assert Image.open(tmp_path / "out" / "seed2.png").size == (40, 24)
    assert Image.open(tmp_path / "p.png").size == Image.open(tmp_path / "out" / "sheet.png").size
    made = json.loads(read_facts(tmp_path / "out" / "seed2.png")["diffsmith"])
    assert (made["seed"], made["prompt"], made["negative"], made["size"]) == (
        2,
        "a red cube",
        "blurry",
        [24, 40],
    )
    assert made["versions"].keys() == {"diffsmith", "torch"}
    spec = made["spec"]
    assert spec["weights"] == str(published("sd1"))
    assert spec["spacing"]["name"] == "karras"
    assert spec["guidance"]["scale"] == 5
    assert spec["model"]["name"] == "conditional_unet"


ASKED = {
    "a text": ("sd1", ["a red cube", "--negative", "blurry", "--scheduler", "euler_ancestral"]),
    "another size": ("pixart_alpha_sizes", ["a red cube", "--size", "24x40"]),
    "few steps": ("lcm", ["a red cube", "--guidance", "6"]),
    "a picture": ("sd1", ["a red cube", "--image", "picture.png", "--strength", "0.7"]),
    "a mask": ("sdxl", ["a red cube", "--image", "picture.png", "--mask", "mask.png", "--strength", "0.7"]),
    "nine channels": ("sd1_inpaint", ["a red cube", "--image", "picture.png", "--mask", "mask.png"]),
    "a refiner": ("sdxl", ["a red cube", "--refiner", "sdxl_refiner", "--set", "refiner.at=0.5"]),
    "a class": ("dit", ["--labels", "7"]),
    "nothing": ("ddpm", []),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_sample_is_made_again_byte_for_byte(cli, published, pictures, tmp_path, name, monkeypatch):
    """From anywhere: the file tells whole paths."""
    monkeypatch.chdir(pictures)
    kind, asked = ASKED[name]
    words = [published(word) if word == "sdxl_refiner" else word for word in asked]
    first, again = tmp_path / "first.png", tmp_path / "again.png"
    done = cli("generate", published(kind), *words, "--steps", "4", "--seed", "5", "--out", first)
    assert done.exit_code == 0, done.stderr
    monkeypatch.chdir(tmp_path)
    done = cli("generate", "--from", first, "--out", again)
    assert done.exit_code == 0, done.stderr
    assert first.read_bytes() == again.read_bytes()
    cli("generate", "--from", first, "--out", again, "--seed", "6")
    assert first.read_bytes() != again.read_bytes()


def test_one_of_a_batch_is_made_again_alone(cli, published, tmp_path):
    """To a rounding."""
    done = cli("generate", published("sd1"), "a cube", "--seed", "3-5", "--steps", "3", "--out", tmp_path)
    assert done.exit_code == 0
    cli("generate", "--from", tmp_path / "seed4.png", "--out", tmp_path / "again.png")
    one, other = (np.asarray(Image.open(tmp_path / name), int) for name in ("seed4.png", "again.png"))
    assert np.abs(one - other).max() <= 1


def test_what_a_sample_was_made_of_may_have_moved(cli, published, pictures, tmp_path):
    here = shutil.copytree(published("sd1"), tmp_path / "here")
    picture = shutil.copy(pictures / "picture.png", tmp_path / "picture.png")
    sample, again = tmp_path / "sample.png", tmp_path / "again.png"
    words = ["a cube", "--image", picture, "--strength", "0.5", "--steps", "4"]
    assert cli("generate", here, *words, "--out", sample).exit_code == 0
    there = here.rename(tmp_path / "there")
    lost = cli("generate", "--from", sample)
    assert lost.exit_code == 1
    assert lost.stderr.startswith(
        f"Error: {here}: the sample was made of it, and it is not there: --set weights="
    )
    picture.rename(tmp_path / "elsewhere.png")
    found = ["--set", f"weights={there}"]
    lost = cli("generate", "--from", sample, *found)
    assert f"{picture}: the sample was made of it, and it is not there: --image" in lost.stderr
    found += ["--image", tmp_path / "elsewhere.png"]
    assert cli("generate", "--from", sample, *found, "--out", again).exit_code == 0
    assert np.array_equal(Image.open(sample), Image.open(again))


def test_short_options_reach_the_refiner_too(cli, published, tmp_path):
    first = tmp_path / "first.png"
    words = [
        "a cube",
        "--refiner",
        published("sdxl_refiner"),
        "--steps",
        "5",
        "--scheduler",
        "heun",
        "--json",
    ]
    told = json.loads(cli("generate", published("sdxl"), *words, "--out", first).stdout)
    assert told["samples"][0]["calls"] == 2 * (2 * 5 - 1)  # heun asks twice a step, but for the last
    assert {"scheduler", "spacing", "guidance"}.isdisjoint(told["spec"]["refiner"])
    again = json.loads(cli("generate", "--from", first, "--steps", "10", "--json", "--out", first).stdout)
    assert again["samples"][0]["calls"] == 2 * (2 * 10 - 1)


@pytest.mark.parametrize(
    ("kind", "words", "told"),
    [
        ("sd1", [], "prompt: missing; conditional_unet makes what a text says"),
        ("sd1", ["x", "--labels", "3"], "labels: conditional_unet was trained without classes"),
        ("dit", ["x"], "prompt: dit reads no text; give labels"),
        ("sd1", ["x", "--size", "41x24"], "size: 41 is no multiple of 2; nearest: 40 and 42"),
        ("sd1", ["x", "--size", "wide"], "--size: expected WIDTHxHEIGHT such as 768x512, got 'wide'"),
        ("sd1", ["x", "--size", "0x8"], "size.1: input should be greater than or equal to 1"),
        ("sd1", ["x", "--image", "nix.png"], "nix.png: there is no such picture"),
        ("sd1", ["x", "--mask", "nix.png"], "mask, strength: they need the image to begin from"),
        ("sd1", ["x", "--strength", "1.5"], "strength: input should be less than or equal to 1"),
        ("sd1_inpaint", ["x"], "image, mask: missing; conditional_unet only fills in a part of a picture"),
        ("sd1", ["x", "--set", "variant=fp16"], "has no variant 'fp16'; there is the plain one"),
        ("sd1", ["x", "--preview", "p.gif"], "--preview p.gif: expected a file of .png, .jpg, .webp"),
        ("sd1", ["x", "--refiner", "nix"], "--refiner: there is no file or folder 'nix'"),
        ("sdxl", ["x", "--refiner", "sdxl_refiner", "--steps", "1"], "refiner.at: 0.8 leaves no step"),
        ("sd1", ["x", "--set", "preview={name: tinny}"], "preview.name: unknown name 'tinny' — did you mean"),
        (
            "sd1",
            ["x", "--set", "autoencoder={name: kl, weights: nix}"],
            "nix: there is no such file or folder",
        ),
        (
            "sd1",
            ["x", "--set", "engine.guidance=alone"],
            "engine.guidance: input should be 'together' or 'apart'",
        ),
        ("sd1", ["x", "--set", "engine.cache=nix"], "engine.cache.name: unknown name 'nix'"),
    ],
)
def test_wrong_input_is_one_clear_sentence(cli, published, tmp_path, monkeypatch, kind, words, told):
    monkeypatch.chdir(tmp_path)
    named = [published(word) if word == "sdxl_refiner" else word for word in words]
    done = cli("generate", published(kind), *named)
    assert done.exit_code in {1, 2}
    assert done.stdout == ""
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "unexpected" not in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["sdxl", "x"], 1, "run `hf download stabilityai/stable-diffusion-xl-base-1.0 --local-dir"),
        (["sdxl"], 2, "prompt: missing; sdxl makes what a text says"),
        (["sdxll", "x"], 2, "there is no file or folder 'sdxll'; model.name: unknown name 'sdxll' — did you"),
        (
            ["uvit_l_2", "--labels", "3"],
            2,
            "weights: missing. Name the file of uvit_l_2, which is not on the Hub",
        ),
        (["sdxl", "x", "--out", "a.gif"], 2, "--out a.gif: one sample can be a file of .png"),
        (["owner/name", "x"], 1, "owner/name: is not on this computer"),
    ],
)
def test_before_weights_are_fetched_all_else_is_checked(cli, tmp_path, monkeypatch, words, code, told):
    """Without a network; and what is not here, the error says how to get."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    done = cli("generate", *words)
    assert (done.exit_code, done.stdout) == (code, "")
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
