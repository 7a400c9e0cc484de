"""Training end to end: into a folder that opens, on after any kill, and never past a bad number."""

import hashlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file

import diffsmith
from diffsmith.documents import read_yaml, write_yaml
from diffsmith.errors import SpecError
from diffsmith.specs import TrainSpec, parse
from diffsmith.training.fit import fit

DIGITS = {
    "model": {"name": "unet", "width": 8, "dropout": 0.1},
    "data": {"name": "digits"},
    "engine": {"device": "cpu"},
    "train": {
        "steps": 60,
        "batch": 4,
        "accumulate": 2,
        "rate": "cosine",
        "warmup": 5,
        "class_dropout": 0.2,
        "ema": 0.9,
        "checkpoint_every": 1,
    },
}
MOMENTS = (10, 34, 46, 53, 97, 131, 172, 221)
"""The file operations before which a run is killed: about 40 make a checkpoint."""


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mortal(spec: Path, folder: Path, *moments: int) -> list[str]:
    """What the killed runs were about to do, one a moment; the last run got through."""
    command = [sys.executable, str(Path(__file__).with_name("mortal_fit.py")), str(spec), str(folder)]
    ran = subprocess.run([*command, *map(str, moments)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def killed_from_outside(spec: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "diffsmith", "train", str(spec), "--out", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as running:
        while not (folder / "checkpoints" / "step-00000003").exists():
            assert running.poll() is None
            time.sleep(0.005)
        running.send_signal(signal.SIGKILL)


def test_runs_killed_anywhere_end_with_the_weights_of_one_that_was_not(tmp_path):
    spec, killed, whole = tmp_path / "spec.yaml", tmp_path / "killed", tmp_path / "whole"
    write_yaml(spec, DIGITS)
    killed_from_outside(spec, killed)
    before = mortal(spec, killed, *MOMENTS)
    rarely = {**DIGITS, "train": {**DIGITS["train"], "checkpoint_every": 60}}
    mortal(write_yaml(tmp_path / "rarely.yaml", rarely), whole)
    assert len(before) == len(MOMENTS)
    assert len({line.split()[0] for line in before}) >= 3, before
    assert sha256(killed / "weights.safetensors") == sha256(whole / "weights.safetensors")
    assert not list(killed.rglob(".*"))
    assert names(killed / "checkpoints") == ["step-00000059", "step-00000060"]


def test_digits_are_learnt_and_the_folder_generates(tmp_path, registry):
    train = {"steps": 100, "batch": 32, "lr": 4e-3, "warmup": 10, "ema": 0.9}
    spec = parse(TrainSpec, {**DIGITS, "train": train, "spacing": {"steps": 4}})
    steps = list(fit(spec, tmp_path, registry))
    assert [step.number for step in steps] == list(range(1, 101))
    first, last = (sum(step.loss for step in part) / 20 for part in (steps[:20], steps[-20:]))
    assert last < 0.75 * first
    pipeline = diffsmith.load(tmp_path)
    assert pipeline.spec.model.classes == 10
    assert [sample.label for sample in pipeline.generate(labels=[3, 7], seed=0)] == [3, 7]
    assert read_yaml(tmp_path / "pipeline.yaml")["weights"] == "weights.safetensors"
    assert load_file(tmp_path / "weights.safetensors").keys() == pipeline.network.state_dict().keys()


def test_observers_hear_every_step(lab, spec_of, tmp_path):
    steps = list(fit(spec_of(), tmp_path, lab))
    assert len(steps) == 6
    assert lab.heard.steps == steps


@pytest.mark.parametrize(("every", "kept"), [(4, [4, 6]), (1, [5, 6]), (100, [6])])
def test_checkpoints_come_that_often_and_at_the_end(lab, spec_of, tmp_path, every, kept):
    list(fit(spec_of(checkpoint_every=every), tmp_path, lab))
    assert names(tmp_path / "checkpoints") == [f"step-{step:08d}" for step in kept]


def test_a_finished_run_is_not_trained_again(lab, spec_of, tmp_path):
    list(fit(spec_of(), tmp_path, lab))
    (tmp_path / "weights.safetensors").unlink()
    assert list(fit(spec_of(), tmp_path, lab)) == []
    assert (tmp_path / "weights.safetensors").exists()


def test_a_run_whose_consumer_left_goes_on(lab, spec_of, tmp_path):
    running = fit(spec_of(checkpoint_every=2), tmp_path, lab)
    for _ in range(5):
        next(running)
    running.close()
    assert not (tmp_path / "pipeline.yaml").exists()
    assert [step.number for step in fit(spec_of(checkpoint_every=2), tmp_path, lab)] == [5, 6]


def test_litter_of_a_run_that_died_at_its_end_is_swept(lab, spec_of, tmp_path):
    (tmp_path / f".writing-{2**22 + 1}-abcd-weights.safetensors").write_bytes(b"half")
    list(fit(spec_of(), tmp_path, lab))
    assert not list(tmp_path.rglob(".*"))


def test_every_fault_is_told_before_the_data_are_read(lab, spec_of, tmp_path):
    wrong = spec_of(model={"name": "peble"}, data={"name": "dotz"}, times="unifrm")
    with pytest.raises(SpecError) as caught:
        next(fit(wrong, tmp_path / "new", lab))
    assert [fault.partition(":")[0] for fault in caught.value.faults] == [
        "model.name",
        "data.name",
        "train.times.name",
    ]
    assert not (tmp_path / "new").exists()


def test_the_command_ends_with_one_sentence(lab, cli, spec_of, tmp_path, monkeypatch):
    for place in ("diffsmith.registry", "diffsmith.training.fit"):
        monkeypatch.setattr(f"{place}.default_registry", lambda: lab)
    spec = spec_of(steps=30, batch=2, data={"bad_row": 9}, checkpoint_every=1)
    said = cli("train", write_yaml(tmp_path / "spec.yaml", spec.to_dict()), "--out", tmp_path / "run")
    assert said.exit_code == 1
    assert "Traceback" not in said.output
    (line,) = said.stderr.splitlines()
    assert line.startswith("Error: training step ")
    assert "the loss is nan; last good checkpoint: " in line
    assert not (tmp_path / "run" / "pipeline.yaml").exists()
