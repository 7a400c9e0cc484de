import json
import shutil

import pytest
import torch
import yaml
from PIL import Image
from safetensors.torch import load_file

from diffsmith.commands.sample_files import require_target


def test_a_folder_of_samples_and_a_sheet(cli, trained, tmp_path):
    done = cli("generate", trained, "--labels", "3,7", "--seed", "5", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    names = ["label3-seed5.png", "label7-seed6.png", "sheet.png"]
    assert done.stdout.splitlines() == [str(tmp_path / "out" / name) for name in names]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert Image.open(tmp_path / "out" / names[0]).size == (8, 8)
    assert "2 samples in" in done.stderr


def test_json_tells_files_seeds_seconds_and_calls(cli, trained, tmp_path):
    done = cli("generate", trained, "--seed", "0-3", "--steps", "4", "--json", "--out", tmp_path)
    told = json.loads(done.stdout)
    assert [sample["seed"] for sample in told["samples"]] == [0, 1, 2, 3]
    assert all(sample["calls"] == 4 and sample["seconds"] > 0 for sample in told["samples"])
    assert len(told["files"]) == 5
    assert told["spec"]["spacing"]["steps"] == 4


def test_without_out_the_samples_lie_beside_the_spec(cli, trained, tmp_path):
    shutil.copytree(trained, tmp_path / "run")
    assert cli("generate", tmp_path / "run" / "pipeline.yaml").exit_code == 0
    assert (tmp_path / "run" / "samples" / "seed0.png").exists()


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.safetensors", "new/a.png"])
def test_one_sample_can_be_one_file(cli, trained, tmp_path, name):
    done = cli("generate", trained, "--out", tmp_path / name)
    assert done.stdout.split() == [str(tmp_path / name)]
    assert (tmp_path / name).stat().st_size > 0


def test_several_samples_in_one_file_are_a_sheet(cli, trained, tmp_path):
    assert cli("generate", trained, "--seed", "0-3", "--out", tmp_path / "a.png").exit_code == 0
    assert min(Image.open(tmp_path / "a.png").size) > 100
    wrong = cli("generate", trained, "--seed", "0-3", "--out", tmp_path / "a.safetensors")
    assert wrong.exit_code == 2
    assert "a sheet of 4 samples can be a file of .png" in wrong.stderr


def test_a_sample_is_made_again_from_its_own_file(cli, trained, tmp_path):
    first, again = tmp_path / "first.png", tmp_path / "again.png"
    changes = ["--scheduler", "ddim", "--set", "scheduler.eta=1", "--spacing", "karras", "--guidance", "3"]
    assert cli("generate", trained, "--labels", "3", "--seed", "8", *changes, "--out", first).exit_code == 0
    done = cli("generate", "--from", first, "--out", again)
    assert done.exit_code == 0, done.stderr
    assert first.read_bytes() == again.read_bytes()
    cli("generate", "--from", first, "--seed", "9", "--out", again)
    assert first.read_bytes() != again.read_bytes()


@pytest.mark.parametrize(
    ("words", "spec"),
    [
        (["--scheduler", "heun"], {"scheduler": {"name": "heun"}}),
        (["--steps", "7"], {"spacing": {"steps": 7}}),
        (["--spacing", "karras"], {"spacing": {"name": "karras", "steps": 3}}),
        (["--guidance", "2.5"], {"guidance": {"name": "cfg", "scale": 2.5}}),
        (
            ["--set", "guidance=cfg", "--set", "guidance.rescale=0.5"],
            {"guidance": {"name": "cfg", "rescale": 0.5}},
        ),
        (["--device", "cpu"], {"engine": {"device": "cpu"}}),
        (["--set", "spacing={name: shifted, shift: 2}"], {"spacing": {"name": "shifted", "shift": 2}}),
    ],
)
def test_the_command_line_changes_the_spec(cli, trained, tmp_path, words, spec):
    done = cli("generate", trained, *words, "--json", "--out", tmp_path / "a.png")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)["spec"]
    assert {key: told[key] for key in spec} == spec


def test_a_guidance_that_is_there_keeps_its_other_options(cli, trained, tmp_path):
    run = shutil.copytree(trained, tmp_path / "run")
    values = yaml.safe_load((run / "pipeline.yaml").read_text())
    values["guidance"] = {"name": "cfg", "scale": 1.5, "rescale": 0.7}
    (run / "pipeline.yaml").write_text(yaml.safe_dump(values))
    done = cli("generate", run, "--guidance", "4", "--json")
    assert json.loads(done.stdout)["spec"]["guidance"] == {"name": "cfg", "scale": 4, "rescale": 0.7}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--labels", "0-9", "--seed", "0-3"], "10 labels for 4 seeds: give as many, or one label"),
        (["--labels", "12"], "labels: 12 is not a class of this model. Classes: 0 to 9"),
        (["--labels", "three"], "--labels: expected whole numbers"),
        (["--seed", "-1"], "--seed: expected whole numbers"),
        (["--seed", "9999999999999999999"], "seeds.0: input should be less than"),
        (["--steps", "0"], "spacing.steps: input should be greater than or equal to 1"),
        (["--steps", "many"], "'--steps': Input should be a valid integer"),
        (["--scheduler", "dim"], "scheduler.name: unknown name 'dim' — did you mean 'ddim'"),
        (["--spacing", "karas"], "spacing.name: unknown name 'karas' — did you mean 'karras'"),
        (["--guidance", "1000"], "guidance.scale: input should be less than or equal to 100"),
        (["--set", "model.widht=8"], "model: unknown name 'widht' — did you mean 'width'"),
        (["--set", "model.width=16"], "does not fit this model"),
        (["--set", "model.width=7"], "model.width: input should be a multiple of 8"),
        (["--set", "engine.batch=0"], "engine.batch: input should be greater"),
        (["--set", "weights=nix"], "nix: there is no such file or folder"),
        (["--set", "weights=null"], "weights: missing"),
        (["--set", "modell=x"], "did you mean 'model'"),
        (["--device", "tpu"], "engine.device: there is no 'tpu' here"),
        (["--from", "a.png"], "give either SPEC (a model, a folder or a file), or --from"),
        (["--out", "a.gif"], "can be a file of .png, .jpg, .webp, .safetensors"),
    ],
)
def test_wrong_input_is_one_clear_sentence(cli, trained, words, told):
    done = cli("generate", trained, *words)
    assert done.exit_code in {1, 2}
    assert done.stdout == ""
    assert told in done.stderr
    assert "unexpected" not in done.stderr


def test_a_wrong_spec_is_one_clear_sentence(cli, tmp_path):
    (tmp_path / "list.yaml").write_text("- 1")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe")
    (tmp_path / "train.yaml").write_text("model: unet\ndata: digits\nweights: w.safetensors")
    cases = {
        "list.yaml": "expected fields with names",
        "binary.yaml": "is not text",
        "train.yaml": "unknown name 'data'",
        "nix.yaml": "there is no such YAML file",
        ".": "is no published pipeline",
    }
    for name, told in cases.items():
        done = cli("generate", tmp_path / name)
        assert done.exit_code in {1, 2}
        assert told in done.stderr
    assert "give either SPEC" in cli("generate").stderr


def test_short_options_on_a_spec_of_another_form_are_one_clear_sentence(cli, tmp_path):
    (tmp_path / "odd.yaml").write_text("model: unet\nspacing: [1]\nengine: 5\nguidance: 3\nscheduler: null")
    for words in (["--steps", "5"], ["--device", "cpu"], ["--guidance", "2"], ["--scheduler", "ddim"]):
        done = cli("generate", tmp_path / "odd.yaml", *words)
        assert done.exit_code == 2
        assert "unexpected" not in done.stderr


def test_damaged_weights_are_one_clear_sentence(cli, trained, tmp_path):
    run = shutil.copytree(trained, tmp_path / "run")
    whole = (run / "weights.safetensors").read_bytes()
    for content, told in (
        (b"", "it is empty"),
        (whole[:-9], "is damaged"),
        (b"PK\x03\x04" * 9, "cannot be read as weights"),
    ):
        (run / "weights.safetensors").write_bytes(content)
        done = cli("generate", run)
        assert done.exit_code == 1
        assert told in done.stderr


def test_where_nothing_can_be_written_is_told_before_the_work(cli, trained, tmp_path):
    (tmp_path / "file").touch()
    for out in (tmp_path / "file", tmp_path / "file" / "deeper", tmp_path / "file" / "a.png"):
        done = cli("generate", trained, "--out", out)
        assert done.exit_code == 1
        assert str(tmp_path / "file") in done.stderr


def test_a_folder_may_have_a_dot(tmp_path):
    (tmp_path / "run.1").mkdir()
    assert require_target(tmp_path / "run.1", None, 3) == tmp_path / "run.1"


def test_a_scheduler_s_name_that_ends_in_a_spacing_goes_before_the_file_s(cli, trained, tmp_path):
    for name, words in (
        ("a", ["--scheduler", "DPM++ 2M Karras"]),
        ("b", ["--scheduler", "dpmpp_2m", "--spacing", "karras"]),
        ("c", ["--scheduler", "dpm++ 2m karras", "--spacing", "exponential"]),
    ):
        out = tmp_path / f"{name}.safetensors"
        assert cli("generate", trained, "--labels", "3", *words, "--out", out).exit_code == 0
    read = {name: load_file(tmp_path / f"{name}.safetensors")["data"] for name in "abc"}
    assert torch.equal(read["a"], read["b"])
    assert not torch.equal(read["a"], read["c"])
