import json
import re

import pytest
from PIL import Image


def text_of(path):
    """All that can be read in an SVG."""
    return " ".join(re.findall(r">([^<]+)<", path.read_text()))


@pytest.mark.parametrize("what", ["spacings", "trajectories"])
def test_the_picture_lies_where_it_says(cli, tmp_path, monkeypatch, what):
    monkeypatch.chdir(tmp_path)
    done = cli("plot", what)
    assert (done.exit_code, done.stdout.strip()) == (0, f"{what}.png"), done.stderr
    with Image.open(tmp_path / f"{what}.png") as picture:
        assert picture.width > 600
    assert json.loads(cli("plot", what, "--out", "a.png", "--json").stdout) == {"file": "a.png"}


def test_spacings_are_drawn_by_name_on_the_schedule_asked_for(cli, tmp_path):
    path = tmp_path / "s.svg"
    assert (
        cli(
            "plot", "spacings", "Karras", "beta", "--schedule", "flow", "--steps", "7", "--out", path
        ).exit_code
        == 0
    )
    text = text_of(path)
    for word in ("karras", "beta", "7 steps on the flow schedule", "noise level σ", "step"):
        assert word in text
    assert "σ / α" not in text
    assert cli("plot", "spacings", "--out", path).exit_code == 0
    assert "σ / α" in text_of(path)


def test_schedulers_are_drawn_a_panel_each(cli, tmp_path):
    path = tmp_path / "t.svg"
    names = ("euler", "DPMSolverMultistepScheduler", "dpm++ 2m karras", "ddpm")
    assert cli("plot", "trajectories", *names, "--steps", 4, "--samples", 9, "--out", path).exit_code == 0
    for word in ("euler", "dpmpp_2m", "dpm++ 2m karras", "ddpm", "4 steps on the vp schedule", "samples"):
        assert word in text_of(path)


def test_the_same_picture_is_the_same_file(cli, tmp_path):
    one, other = tmp_path / "a.svg", tmp_path / "b.svg"
    for path in (one, other):
        cli("plot", "trajectories", "euler_ancestral", "--steps", 3, "--samples", 5, "--out", path)
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("spacings", "karas"), "spacing: unknown name 'karas' — did you mean 'karras'?"),
        (("spacings", "--schedule", "vpp"), "--schedule: unknown name 'vpp' — did you mean 'vp'?"),
        (("spacings", "--out", "x.pdf"), "--out x.pdf: a picture is a file of .png or .svg"),
        (("spacings", "--steps", "0"), "spacing.steps: input should be greater than or equal to 1, got 0"),
        (("spacings", *["karras"] * 10), "10 names are too many for one picture; give at most 9"),
        (("trajectories", "eulr"), "scheduler: unknown name 'eulr' — did you mean 'euler'?"),
        (("trajectories", "--spacing", "karas"), "spacing.name: unknown name 'karas'"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(cli, tmp_path, monkeypatch, words, told):
    monkeypatch.chdir(tmp_path)
    done = cli("plot", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {told}")
    assert not list(tmp_path.iterdir())
