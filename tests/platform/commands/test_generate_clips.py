"""`generate` with models of clips: every way to begin, every kind of file, and the same clip once more."""

import json

import numpy as np
import pytest
from PIL import Image
from tests.films import counted, film

import diffsmith
from diffsmith.commands.recall import recalled
from diffsmith.registry import default_registry
from diffsmith_video.reading import read_clip
from diffsmith_video.sources import lasting

SMALL = ["--size", "32x16", "--steps", "2"]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The folder of a.png and b.png, of clip.mp4 with eight frames, and of what is broken."""
    folder = tmp_path_factory.mktemp("shown")
    for seed, name in enumerate("ab"):
        pixels = np.random.default_rng(seed).integers(0, 256, (40, 48, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.png")
        Image.fromarray(pixels).save(folder / f"{seed}.png")
    film(folder / "clip.mp4", counted(8, (24, 48)))
    (folder / "broken.mp4").write_text("no film")
    (folder / "motion_modules").write_text("a place that is no folder")
    return folder


@pytest.fixture
def generate(cli, published, shown, monkeypatch):
    """generate("svd", "--image", "a.png"): of that tiny pipeline, beside those pictures and clips."""
    monkeypatch.chdir(shown)

    def generate(kind, *words):
        named = [_part(published, word) for word in words]
        return cli("generate", *([] if kind is None else [published(kind)]), *named)

    return generate


def _part(published, word):
    """ANIMATEDIFF/motion_adapter is that part of the tiny one."""
    kind, _, part = str(word).partition("/")
    return published(kind.lower()) / part if kind.isupper() else word


def frames_in(path, rate=None):
    return read_clip(path, 3, rate=rate).shape[1]


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.gif", "a.png", "a.safetensors", "frame_%04d.png"])
def test_a_clip_is_written_as_its_name_says_and_made_again(generate, tmp_path, name):
    (tmp_path / "again").mkdir()
    first, again = tmp_path / name, tmp_path / "again" / name
    done = generate("animatediff", "a cube", "--frames", "4", "--fps", "5", *SMALL, "--out", first)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.split() == [str(first)]
    if name.endswith((".mp4", ".webm", ".gif")):
        assert frames_in(first) == 4
        assert lasting(first, None) == pytest.approx(4 / 5, abs=0.02)
    if "%" in name:
        assert [file.name for file in sorted(tmp_path.glob("*.png"))] == [
            f"frame_{n:04}.png" for n in range(4)
        ]
    file = tmp_path / "frame_0002.png" if "%" in name else first
    done = generate(None, "--from", file, "--out", again)
    assert done.exit_code == 0, done.stderr
    assert file.read_bytes() == (again.parent / file.name).read_bytes()


ASKED = {
    "a picture": ("svd", ["--image", "a.png", "--motion", "200", "--fps", "12", "--fit", "pad"]),
    "a picture and a text": ("i2vgen", ["a cube", "--negative", "blur", "--image", "a.png"]),
    "a text": ("modelscope", ["a cube", "--frames", "3", "--scheduler", "euler_ancestral"]),
    "the first frame": ("animatediff", ["a cube", "--image", "a.png", "--frames", "3"]),
    "a picture to begin from": ("modelscope", ["a cube", "--image", "a.png", "--strength", "0.5"]),
    "a clip": ("modelscope", ["a cube", "--video", "clip.mp4", "--strength", "0.5", "--frames", "3"]),
    "a clip's mask": ("animatediff", ["a cube", "--video", "clip.mp4", "--mask", "b.png", "--frames", "3"]),
    "a picture that is read, too": ("svd", ["--image", "a.png", "--strength", "0.5"]),
    "pictures by number": (
        "modelscope",
        ["a cube", "--video", "%d.png", "--strength", "0.5", "--frames", "2"],
    ),
    "between two": ("animatediff", ["a cube", "--between", "a.png", "--between", "b.png", "--frames", "4"]),
    "on from a clip": ("animatediff", ["a cube", "--extend", "clip.mp4", "--keep", "2", "--frames", "4"]),
    "a moving picture goes on": ("svd", ["--extend", "clip.mp4", "--keep", "1"]),
    "windows in a circle": ("animatediff", ["a cube", "--frames", "6", "--window", "4", "--loop"]),
    "walked twice": ("animatediff", ["a cube", "--frames", "3", "--set", "freeinit={iterations: 2}"]),
    "an adapter": ("sd1", ["a cube", "--adapter", "ANIMATEDIFF/motion_adapter", "--frames", "3"]),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_clip_is_made_again_byte_for_byte(generate, tmp_path, monkeypatch, name):
    """From anywhere: the file tells whole paths, and all that was asked."""
    kind, asked = ASKED[name]
    first, again = tmp_path / "first.mp4", tmp_path / "again.mp4"
    done = generate(kind, *asked, *SMALL, "--seed", "5", "--out", first)
    assert done.exit_code == 0, done.stderr
    monkeypatch.chdir(tmp_path)
    done = generate(None, "--from", first, "--out", again)
    assert done.exit_code == 0, done.stderr
    assert first.read_bytes() == again.read_bytes()
    request = recalled(first, default_registry()).request
    given = {word.removeprefix("--") for word in asked if word.startswith("--")}
    elsewhere = {"negative", "motion", "scheduler", "window", "loop", "set", "adapter"}  # negatives; the spec
    assert given - elsewhere <= request.keys()


def test_what_a_clip_began_from_may_have_moved(generate, shown, tmp_path):
    moved = tmp_path / "clip.mp4"
    moved.write_bytes((shown / "clip.mp4").read_bytes())
    words = ["a cube", "--video", moved, "--strength", "0.5", "--frames", "2"]
    assert generate("modelscope", *words, *SMALL, "--out", tmp_path / "made.mp4").exit_code == 0
    moved.unlink()
    lost = generate(None, "--from", tmp_path / "made.mp4")
    assert lost.exit_code == 1
    assert f"{moved}: the sample was made of it, and it is not there: --video" in lost.stderr
    found = generate(
        None, "--from", tmp_path / "made.mp4", "--video", "clip.mp4", "--out", tmp_path / "b.mp4"
    )
    assert found.exit_code == 0, found.stderr


def test_several_seeds_are_files_or_one_sheet_that_moves(generate, tmp_path):
    words = ["a cube", "--frames", "3", "--seed", "4-5", *SMALL]
    done = generate("animatediff", *words, "--preview", tmp_path / "look.gif", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.split() == [
        str(tmp_path / "out" / name) for name in ("seed4.mp4", "seed5.mp4", "sheet.png")
    ]
    assert frames_in(tmp_path / "look.gif") == 3
    for name in ("sheet.mp4", "sheet.webm", "sheet.gif"):
        assert generate("animatediff", *words, "--out", tmp_path / name).exit_code == 0
        assert frames_in(tmp_path / name) == 3
    Image.open(tmp_path / "out" / "sheet.png")


def test_short_options_of_clips_change_the_spec(generate, tmp_path):
    out = ["--json", "--out", tmp_path / "a.mp4"]
    told = json.loads(generate("svd", "--image", "a.png", "--motion", "9", *SMALL, *out).stdout)
    assert told["spec"]["conditioner"] == {"name": "svd", "motion": 9}
    told = json.loads(generate("animatediff", "x", "--window", "3", "--loop", *SMALL, *out).stdout)
    assert told["spec"]["context"] == {"length": 3, "loop": True}
    told = json.loads(
        generate("sd1", "x", "--adapter", "ANIMATEDIFF/motion_adapter", "--frames", "2", *SMALL, *out).stdout
    )
    assert told["spec"]["model"]["name"] == "motion_unet"
    assert [adapter["name"] for adapter in told["spec"]["adapters"]] == ["motion"]


def test_motion_modules_take_the_place_of_those_that_are_there(generate, tmp_path):
    same, twice = tmp_path / "same.gif", tmp_path / "twice.gif"
    words = ["a cube", "--frames", "3", *SMALL]
    assert generate("animatediff", *words, "--out", same).exit_code == 0
    modules = ["--adapter", "ANIMATEDIFF/motion_adapter"]
    done = generate("animatediff", *words, *modules, *modules, "--out", twice)
    assert done.exit_code == 0, done.stderr
    assert np.array_equal(Image.open(same).convert("RGB"), Image.open(twice).convert("RGB"))


def test_a_clip_that_goes_on_is_behind_the_first(generate, tmp_path):
    done = generate(
        "animatediff",
        "x",
        "--extend",
        "clip.mp4",
        "--keep",
        "3",
        "--frames",
        "5",
        *SMALL,
        "--out",
        tmp_path / "a.mp4",
    )
    assert done.exit_code == 0, done.stderr
    assert frames_in(tmp_path / "a.mp4") == 8 + 5 - 3


WRONG = {
    "too many frames": (
        "animatediff",
        ["x", "--frames", "9"],
        2,
        "makes 1 to 8 in one go, not 9; set context.l",
    ),
    "too long a window": (
        "animatediff",
        ["x", "--frames", "12", "--window", "12"],
        2,
        "length=8 (--window 8) for",
    ),
    "no frames": (
        "animatediff",
        ["x", "--frames", "0"],
        2,
        "frames: input should be greater than or equal to 1",
    ),
    "no speed": ("animatediff", ["x", "--fps", "0"], 2, "fps: input should be greater than 0"),
    "a size": (
        "animatediff",
        ["x", "--size", "33x16"],
        2,
        "size: 33 is no multiple of 2; nearest: 32 and 34",
    ),
    "no picture": ("svd", [], 2, "image: missing; spatio_temporal_unet makes clips of a picture"),
    "a text": ("svd", ["words", "--image", "a.png"], 2, "prompt: spatio_temporal_unet reads no text"),
    "no text": ("i2vgen", ["--image", "a.png"], 2, "prompt: missing; i2vgen makes what a text says"),
    "a lost picture": ("svd", ["--image", "nix.png"], 1, "nix.png: there is no such picture"),
    "a lost clip": ("animatediff", ["x", "--video", "nix.mp4"], 1, "nix.mp4: there is no such clip"),
    "motion": ("animatediff", ["x", "--motion", "3"], 2, "--motion: this model is told nothing about motion"),
    "too much motion": (
        "svd",
        ["--image", "a.png", "--motion", "5000"],
        2,
        "conditioner.motion: input should be",
    ),
    "frames of a picture": (
        "sd1",
        ["x", "--frames", "4"],
        2,
        "frames: conditional_unet makes no clips; leave it out",
    ),
    "windows of a picture": ("sd1", ["x", "--window", "4"], 2, "context: conditional_unet makes no clips"),
    "a loop of a picture": (
        "sd1",
        ["x", "--loop"],
        2,
        "context: conditional_unet makes no clips; leave it out",
    ),
    "one to go between": (
        "animatediff",
        ["x", "--between", "a.png"],
        2,
        "between: two pictures are needed, or more",
    ),
    "two ways to begin": (
        "animatediff",
        ["x", "--video", "a", "--extend", "b"],
        2,
        "a clip begins in one way",
    ),
    "two pictures": (
        "animatediff",
        ["x", "--image", "a.png", "--between", "a.png", "--between", "b.png"],
        2,
        "image and between: motion_unet begins from one of them; leave the other out",
    ),
    "keep alone": ("animatediff", ["x", "--keep", "2"], 2, "keep: it tells how much is kept of the clip"),
    "fit alone": ("animatediff", ["x", "--fit", "pad"], 2, "fit: there is no picture and no clip to fit"),
    "another fit": (
        "svd",
        ["--image", "a.png", "--fit", "squeeze"],
        2,
        "fit: input should be 'crop', 'pad' or",
    ),
    "strength alone": (
        "animatediff",
        ["x", "--strength", "0.5"],
        2,
        "strength: they need the image to begin from",
    ),
    "strength and known frames": (
        "svd",
        ["--image", "a.png", "--strength", "0.5", *["--between", "b.png"] * 2],
        2,
        "strength: it goes with an image or a video, not with frames that are known",
    ),
    "a refiner of pictures": (
        "animatediff",
        ["x", "--refiner", "SD1/"],
        2,
        "refiner: conditional_unet makes image data, and motion_unet video; name one that makes the same",
    ),
    "a mask alone": (
        "animatediff",
        ["x", "--image", "a.png", "--mask", "b.png"],
        2,
        "mask: in a clip it lies over",
    ),
    "a mask for eyes": (
        "svd",
        ["--image", "a.png", "--mask", "b.png"],
        2,
        "mask: spatio_temporal_unet reads the whole",
    ),
    "another file": (
        "animatediff",
        ["x", "--out", "a.jpg"],
        2,
        "one sample can be a file of .mp4, .webm, .gif, .png",
    ),
    "another sheet": (
        "animatediff",
        ["x", "--seed", "1,2", "--out", "a.jpg"],
        2,
        "a sheet of 2 samples can be a file",
    ),
    "another preview": (
        "animatediff",
        ["x", "--preview", "p.jpg"],
        2,
        "--preview p.jpg: expected a file of .mp4",
    ),
    "no adapter": ("animatediff", ["x", "--adapter", "nix"], 1, "nix: there is no such file or folder"),
    "no adapter there": (
        "animatediff",
        ["x", "--adapter", "SVD/"],
        1,
        "holds no adapter, expected one of motion_ad",
    ),
    "an adapter's place": (
        "svd",
        ["--image", "a.png", "--adapter", "ANIMATEDIFF/motion_adapter"],
        2,
        "motion modules go into U-Nets of Stable Diffusion, and spatio_temporal_unet is none",
    ),
}
FOUND_ON_THE_WAY = {
    "a broken clip": (
        "animatediff",
        ["x", "--video", "broken.mp4"],
        1,
        "broken.mp4: is no clip that can be read",
    ),
    "a broken picture": ("svd", ["--image", "broken.mp4"], 1, "broken.mp4: is no picture that can be read"),
    "too short a clip": (
        "animatediff",
        ["x", "--video", "clip.mp4", "--fps", "4"],
        2,
        "has 4 frames, and 8 are asked",
    ),
    "too much kept": (
        "animatediff",
        ["x", "--extend", "clip.mp4", "--keep", "8"],
        2,
        "keep: 8 of 8 frames leaves",
    ),
    "more than there is": (
        "animatediff",
        ["x", "--extend", "clip.mp4", "--keep", "9", "--frames", "10", "--window", "8"],
        2,
        "clip.mp4 has 8 frames, not 9",
    ),
    "many pictures": (
        "animatediff",
        ["x", *["--between", "a.png"] * 3, "--frames", "2"],
        2,
        "between: 3 pictures do not fit into 2 frames; give fewer",
    ),
}


@pytest.mark.parametrize("name", WRONG | FOUND_ON_THE_WAY)
def test_wrong_input_is_one_clear_sentence_told_before_the_work(generate, monkeypatch, name):
    kind, words, code, told = {**WRONG, **FOUND_ON_THE_WAY}[name]
    if name in WRONG:
        monkeypatch.setattr(diffsmith.pipeline, "build", None)  # who reads weights now fails
    done = generate(kind, *words)
    assert told in done.stderr
    assert (done.exit_code, done.stdout) == (code, "")
    assert len(done.stderr.strip().splitlines()) == 1
    assert "unexpected" not in done.stderr


def test_what_a_clip_is_not(generate, tmp_path):
    film(tmp_path / "other.mp4", counted(2))
    for name, told in (
        ("other.mp4", "holds no diffsmith spec"),
        ("broken.mp4", "is no clip that can be read"),
    ):
        path = tmp_path / name if name == "other.mp4" else name
        done = generate(None, "--from", path)
        assert done.exit_code == 1
        assert told in done.stderr


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("svd", {"pixels": "1024x576", "frames": "14", "fps": "7", "memory": "float32 8.4 GiB"}),
        ("animatediff_v2", {"pixels": "512x512", "frames": "16", "frames at once": "32; longer", "fps": "8"}),
    ],
)
def test_a_model_of_clips_is_shown(cli, name, lines):
    shown = cli("show", name, "--kind", "models").stdout.splitlines()
    found = {line.partition(":")[0].strip(): line for line in shown}
    for title, told in lines.items():
        assert told in found[title]
    (facts,) = json.loads(cli("show", name, "--kind", "models", "--json").stdout)
    assert facts["frames"] == int(lines["frames"])
