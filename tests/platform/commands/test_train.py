import json
import os
import signal
import subprocess
import sys

import pytest
import yaml
from PIL import Image
from tests.published import PIPELINES

from diffsmith.commands import progress

SMALL = ["--set", "model.width=8", "--set", "train.batch=4", "--set", "train.steps=2"]


def test_a_models_name_and_data_are_enough_and_the_result_generates(cli, tmp_path):
    done = cli("train", "unet", "--data", "digits", "--out", tmp_path / "run", *SMALL)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == f"diffsmith generate {tmp_path / 'run'}\n"
    assert cli(*done.stdout.split()[1:], "--steps", "2").exit_code == 0


def test_a_spec_file_is_trained_and_the_command_line_changes_it(cli, tmp_path):
    spec = {"model": {"name": "unet", "width": 8}, "data": "nothing", "train": {"steps": 50, "batch": 4}}
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(spec))
    done = cli(
        "train", tmp_path / "spec.yaml", "--data", "digits", "--out", tmp_path / "run", *SMALL, "--json"
    )
    told = json.loads(done.stdout)
    assert told["loss"] > 0
    assert told["folder"] == str(tmp_path / "run")
    again = json.loads(
        cli(
            "train", tmp_path / "spec.yaml", "--data", "digits", "--out", tmp_path / "run", *SMALL, "--json"
        ).stdout
    )
    assert again["loss"] is None, "there was nothing left to do"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["unet"], "--data: missing"),
        (["unett", "--data", "digits"], "model.name: unknown name 'unett' — did you mean 'unet'"),
        (["unet", "--data", "digit"], "data.name: unknown name 'digit' — did you mean 'digits'"),
        (["nix.yaml"], "nix.yaml: there is no such YAML file"),
        (["unet", "--data", "digits", "--set", "train.lr=-1"], "train.lr: input should be greater than 0"),
        (["unet", "--data", "digits", "--set", "train.stepps=1"], "did you mean 'steps'"),
        (["unet", "--data", "digits", "--set", "data.path=x"], "unknown name 'path'"),
        (["unet", "--data", "digits", "--set", "model.multipliers=[1,1,1,1,1,1]"], "6 levels do not fit"),
    ],
)
def test_wrong_input_is_one_clear_sentence(cli, tmp_path, words, told):
    done = cli("train", *words, "--out", tmp_path / "run")
    assert done.exit_code in {1, 2}
    assert done.stdout == ""
    assert told in done.stderr
    assert "unexpected" not in done.stderr


def test_another_spec_in_the_same_folder_is_refused(cli, tmp_path):
    words = ["train", "unet", "--data", "digits", "--out", tmp_path, *SMALL]
    assert cli(*words).exit_code == 0
    done = cli(*words, "--set", "train.lr=0.1")
    assert done.exit_code == 2
    assert "use a new folder, or the same spec" in done.stderr


def test_ctrl_c_keeps_the_last_checkpoint_and_the_same_command_goes_on(tmp_path):
    small = ["--set", "model.width=8", "--set", "train.batch=4", "--set", "train.checkpoint_every=5"]
    command = [
        sys.executable,
        "-m",
        "diffsmith",
        "train",
        "unet",
        "--data",
        "digits",
        "--out",
        str(tmp_path),
        *small,
    ]
    trainer = subprocess.Popen(
        [*command, "--set", "train.steps=100000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not list(tmp_path.glob("checkpoints/step-*")) and trainer.poll() is None:
        os.sched_yield()
    trainer.send_signal(signal.SIGINT)
    out, told = trainer.communicate(timeout=60)
    assert (trainer.returncode, out) == (130, "")
    assert "The same command goes on from step" in told
    assert "Traceback" not in told
    kept = int(told.split("from step ")[1].rstrip(".\n"))
    assert kept > 0
    assert (tmp_path / "checkpoints" / f"step-{kept:08d}").is_dir()
    done = subprocess.run(
        [*command, "--set", f"train.steps={kept + 5}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The folder of a tiny Stable Diffusion, beside one of captioned pictures."""
    root = tmp_path_factory.mktemp("published")
    PIPELINES["sd1"](root / "texts").save_pretrained(root / "model")
    (root / "pictures").mkdir()
    for number in range(6):
        Image.new("RGB", (40, 32), (40 * number, 90, 10)).save(root / "pictures" / f"{number}.png")
        (root / "pictures" / f"{number}.txt").write_text(f"shade {number % 2}")
    return root


def test_a_published_model_is_finetuned_and_the_result_generates(cli, published, tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFSMITH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(progress, "_SECONDS_A_LINE", 0.0)
    pictures = ["--data", "folder", "--set", f"data.path={published / 'pictures'}", "--set", "data.size=32"]
    more = ["--set", "train.steps=2", "--set", "train.batch=2", "--out", tmp_path / "run"]
    done = cli("train", published / "model", *pictures, *more)
    assert done.exit_code == 0, done.stderr
    assert "Finetuning with train.lr=1e-05, train.batch=2." in done.stderr
    for told in ("0/4 pictures encoded", "2/2 captions read", "2/2 loss"):
        assert told in done.stderr
    assert done.stdout == f'diffsmith generate {tmp_path / "run"} "a prompt"\n'
    made = cli("generate", tmp_path / "run", "shade 1", "--steps", "2", "--out", tmp_path / "one.png")
    assert made.exit_code == 0, made.stderr
    again = cli("train", published / "model", *pictures, *more, "--json")
    assert json.loads(again.stdout)["loss"] is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["MODEL"], "--data: missing. `diffsmith train MODEL --data folder --set data.path=pictures`"),
        (["MODEL", "--data", "folder"], "data.path: field required"),
        (["MODEL", "--data", "folder", "--set", "data.path=nix"], "nix: there is no such folder"),
        (["MODEL", "--data", "digits"], "data: digits has 1 channels, conditional_unet reads 3"),
        (["model.safetensors", "--data", "digits"], "model.safetensors: there is no such file"),
    ],
)
def test_what_a_finetune_lacks_is_one_clear_sentence(cli, published, tmp_path, words, told):
    model = str(published / "model")
    done = cli("train", *[word.replace("MODEL", model) for word in words], "--out", tmp_path / "run")
    assert done.exit_code in {1, 2}
    assert told.replace("MODEL", model) in done.stderr
    assert "unexpected" not in done.stderr
