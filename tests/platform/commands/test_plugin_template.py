"""`diffsmith plugins new` really writes a plugin that can be installed, listed, built and tested."""

import json
import subprocess
import sys

import pytest


def test_the_plugin_is_loaded_and_brings_its_things(installed_plugin):
    done = installed_plugin.run("-m", "diffsmith", "plugins", "--json")
    report = next(each for each in json.loads(done.stdout) if each["name"] == "sketches")
    assert report["error"] == ""
    assert report["package"] == "diffsmith-sketches 0.1.0"
    assert report["brings"] == {
        "models": ["sketches_mlp"],
        "datasets": ["sketches_bars"],
        "spacings": ["sketches_power"],
    }


def test_its_model_and_its_space_are_listed(installed_plugin):
    for kind, name in (("models", "sketches_mlp"), ("spaces", "sketches")):
        done = installed_plugin.run("-m", "diffsmith", "list", kind, "--json")
        assert {"name": name, "plugin": "sketches"}.items() <= {
            key: value for row in json.loads(done.stdout) if row["name"] == name for key, value in row.items()
        }.items()


def test_its_model_trains_on_its_data_and_makes_samples_with_its_spacing(installed_plugin, tmp_path):
    train = [
        "train",
        "sketches_mlp",
        "--data",
        "sketches_bars",
        "--out",
        str(tmp_path),
        "--set",
        "train.steps=3",
    ]
    assert installed_plugin.run("-m", "diffsmith", *train).returncode == 0
    generate = ["generate", str(tmp_path), "--labels", "0-3", "--spacing", "sketches_power", "--steps", "4"]
    done = installed_plugin.run("-m", "diffsmith", *generate)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 5


def test_its_space_is_one_that_a_sweep_can_read(installed_plugin):
    code = (
        "from diffsmith.registry import default_registry as r\n"
        "from diffsmith.tuner.spaces.files import find_space, read_space\n"
        "print(read_space(find_space('sketches', r()), r()).summary)"
    )
    done = installed_plugin.run("-c", code)
    assert "sketches_mlp" in done.stdout, done.stderr


def test_it_is_swept_over_by_worker_processes(installed_plugin, tmp_path):
    sweep = [
        "sweep",
        "sketches",
        "--trials",
        "2",
        "--workers",
        "2",
        "--samples",
        "16",
        "--runs",
        str(tmp_path),
    ]
    done = installed_plugin.run("-m", "diffsmith", *sweep, "--json")
    assert done.returncode == 0, done.stderr
    trials = json.loads(done.stdout)["trials"]
    assert [trial["state"] for trial in trials] == ["complete", "complete"]
    assert (tmp_path / "sketches" / "best" / "pipeline.yaml").exists()


def test_its_own_tests_pass(installed_plugin):
    done = installed_plugin.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_it_is_clean_code(installed_plugin):
    for words in (
        ["check", "--select", "E,F,I,UP,B", "--line-length", "110"],
        ["format", "--check", "--line-length", "110"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--isolated", str(installed_plugin.folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["", "Sketches", "1st", "a-b", "a b", "../x", "class", "ä", "a" * 3 + "/"])
def test_a_name_that_cannot_be_one_is_refused(cli, name, tmp_path):
    done = cli("plugins", "new", "--folder", tmp_path / "x", "--", name)
    assert done.exit_code == 2
    assert "cannot name a plugin" in done.stderr
    assert not (tmp_path / "x").exists()


def test_the_name_of_an_installed_plugin_is_refused(cli, tmp_path):
    done = cli("plugins", "new", "image", "--folder", tmp_path / "x")
    assert done.exit_code == 2
    assert "installed already" in done.stderr


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_nothing_is_overwritten(cli, tmp_path, kind):
    target = tmp_path / "x"
    if kind == "folder":
        target.mkdir()
    mine = target / "mine.txt" if kind == "folder" else target
    mine.write_text("mine")
    done = cli("plugins", "new", "fresh", "--folder", target)
    assert done.exit_code == 2
    assert "nothing was written" in done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]


def test_the_folder_is_named_after_the_plugin(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = cli("plugins", "new", "fresh")
    assert done.exit_code == 0
    written = done.stdout.split()
    assert "diffsmith-fresh/diffsmith_fresh/search_spaces/fresh.yaml" in written
    assert sorted(written) == sorted(
        str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()
    )
