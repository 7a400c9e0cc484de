import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from diffsmith.commands.sweep_display import _Board
from diffsmith.documents import write_yaml
from diffsmith.specs import SweepSpec
from diffsmith.tuner import api, folders, storage
from diffsmith.tuner.records import Sweep, Trial
from diffsmith.tuner.trials.jobs import Stepped

BASE = {
    "model": {"name": "unet", "width": 8, "multipliers": [1]},
    "data": "digits",
    "train": {"steps": 10, "batch": 8, "warmup": 0, "ema": 0.5},
    "scheduler": "ddim",
    "spacing": {"name": "trailing", "steps": 2},
}
SPACE = {"base": BASE, "space": {"train.lr": [0.001, 0.003, 0.01], "spacing.steps": {"low": 2, "high": 4}}}
# One trial that ends in a blink, and one that never does.
LONG = {
    "base": BASE,
    "space": {"train.steps": [10, 10**6]},
    "first": [{"train.steps": 10}, {"train.steps": 10**6}],
}
UNTRACKED = {**os.environ, "DIFFSMITH_TRACKING": "off", "OMP_NUM_THREADS": "1"}


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    monkeypatch.setenv("DIFFSMITH_TRACKING", "off")
    monkeypatch.delenv("DIFFSMITH_STORAGE", raising=False)


def command(*words):
    return [sys.executable, "-m", "diffsmith", *map(str, words)]


@pytest.fixture
def tiny(tmp_path) -> list[str]:
    """The words of a sweep that costs nothing."""
    path = write_yaml(tmp_path / "tiny.yaml", SPACE)
    return ["sweep", str(path), "--samples", "16", "--workers", "0", "--runs", str(tmp_path / "runs")]


def test_json_is_one_document_and_everything_else_is_elsewhere(tiny, tmp_path):
    done = subprocess.run(
        command(*tiny, "--trials", "2", "--json"), capture_output=True, text=True, env=UNTRACKED, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [trial["state"] for trial in told["trials"]] == ["complete"] * 2
    assert (told["sweep"], told["stopped"]) == ("tiny", "2 trials were made")
    assert told["test"].keys() == told["noise_floor"].keys()
    assert Path(told["folder"]) == tmp_path / "runs" / "tiny"
    assert done.stderr.count("complete") == 2
    assert not list((tmp_path / "runs").rglob("mlruns*"))


def test_the_report_ends_with_commands_that_work(cli, tiny, tmp_path):
    done = cli(*tiny, "--trials", "2", "--name", "my own", "--objective", "coverage", "--objective", "memory")
    assert done.exit_code == 0, done.stderr
    assert "Stopped: 2 trials were made." in done.stdout
    assert "coverage" in done.stdout.splitlines()[0]
    following = [line.partition("    ")[0] for line in done.stdout.split("Next:")[1].strip().split("\n  ")]
    generate, dashboard, resume = (shlex.split(line) for line in following[:3])
    made = cli(*generate[1:], "--out", tmp_path / "samples")
    assert made.exit_code == 0, made.stderr
    assert dashboard[:2] == ["diffsmith", "dashboard"]
    assert resume[:4] == ["diffsmith", "sweep", "my own", "--resume"]
    again = cli(
        "sweep", "my own", "--resume", "--trials", "1", "--workers", "0", *resume[resume.index("--runs") :]
    )
    assert again.exit_code == 0, again.stderr
    assert "1 trials were made" not in again.stdout
    assert "Stopped: 3 trials were made." in again.stdout


def test_what_is_set_changes_the_base_and_bounds_are_kept(cli, tiny, tmp_path):
    done = cli(
        *tiny,
        "--trials",
        "1",
        "--set",
        "train.steps=5",
        "--max-latency",
        "50s",
        "--max-memory",
        "1e6",
        "--json",
    )
    assert done.exit_code == 0, done.stderr
    sweep = folders.reopen(tmp_path / "runs", "tiny")
    assert sweep.best.spec["train"]["steps"] == 5
    assert sweep.spec.constraints == {"latency": 50.0, "memory": 1e6}
    assert sweep.spec.objectives == {"frechet": "minimize"}


def test_a_latency_that_nothing_keeps_is_told(cli, tiny):
    done = cli(*tiny, "--trials", "1", "--max-latency", "0.001ms")
    assert done.exit_code == 0
    assert "no trial keeps latency <= 1e-06; resume for longer, or allow more" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["digit"], "data set or space: unknown name 'digit' — did you mean 'digits'"),
        (["digits", "--max-latency", "fast"], "--max-latency: 'fast' is no duration. Write for example 50ms"),
        (["digits", "--max-latency", "0ms"], "--max-latency: '0ms' leaves no time"),
        (["digits", "--budget", "soon"], "budget: 'soon' is no duration"),
        (["digits", "--objective", "fid2"], "objectives: unknown name 'fid2'"),
        (["digits", "--data", "digts"], "unknown name 'digts' — did you mean 'digits'"),
        (["digits", "--trials", "0"], "'--trials'"),
        (["digits", "--workers", "many"], "'--workers'"),
        (["digits", "--set", "model.widht=8"], "unknown name 'widht' — did you mean 'width'"),
        (["digits", "--set", "train.lr.x=8"], "train.lr is no group of fields"),
        (["nix.yaml"], "nix.yaml: there is no such YAML file"),
        (["nothing", "--resume"], "unknown name 'nothing'"),
        ([], "Missing argument"),
    ],
)
def test_wrong_input_is_one_clear_sentence_and_leaves_nothing(cli, tmp_path, words, told):
    done = cli("sweep", *words, "--runs", tmp_path / "runs")
    assert done.exit_code in {1, 2}
    assert done.stdout == ""
    assert told in done.stderr
    assert "unexpected" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_sweep_that_runs_elsewhere_is_refused(cli, tiny, tmp_path):
    assert cli(*tiny, "--trials", "1").exit_code == 0
    with storage.locked(tmp_path / "runs" / "tiny"):
        done = cli("sweep", "tiny", "--resume", "--trials", "1", "--runs", tmp_path / "runs")
    assert done.exit_code == 1
    assert "another process is running this sweep" in done.stderr


@pytest.fixture
def running(tmp_path):
    """A sweep in another process, whose first trial is complete and whose second one never ends."""
    started = []

    def running(workers):
        words = ["sweep", write_yaml(tmp_path / "long.yaml", LONG), "--samples", "16", "--workers", workers]
        process = subprocess.Popen(
            command(*words, "--runs", tmp_path / "runs"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=UNTRACKED,
        )
        started.append(process)
        told = ""
        while "trial   0 complete" not in told:
            told += (line := process.stderr.readline())
            assert line, f"it ended: {told}"
        time.sleep(1.5)  # into the second trial
        return process

    yield running
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGINT, 1), (signal.SIGTERM, 0)])
def test_interrupted_it_keeps_what_is_done_and_goes_on_from_the_checkpoint(
    number, workers, running, cli, tmp_path, registry
):
    process = running(workers)
    sent = time.monotonic()
    process.send_signal(number)
    out, told = process.communicate(timeout=60)
    assert time.monotonic() - sent < 12
    assert process.returncode == 130
    assert "Traceback" not in told
    assert f"diffsmith sweep long --resume --runs {tmp_path / 'runs'}" in out
    assert "Stopped: interrupted." in out

    done, paused = folders.reopen(tmp_path / "runs", "long").trials
    assert (done.state, paused.state, paused.reason) == ("complete", "paused", "interrupted")
    reached = paused.curve()[-1][0]
    assert [step for step, _ in paused.curve()] == list(range(1, reached + 1))
    assert (tmp_path / "runs" / "long" / "best" / "pipeline.yaml").exists()

    going = api.resumed("long", budget=done.seconds + 1, workers=0, runs=tmp_path / "runs", registry=registry)
    happened = list(going)
    first = next(each for each in happened if isinstance(each, Stepped))
    assert first.step == reached + 1
    done, paused = folders.reopen(tmp_path / "runs", "long").trials
    assert (done.state, paused.state, paused.reason) == ("complete", "paused", "the time budget ended")
    assert [step for step, _ in paused.curve()] == list(range(1, paused.curve()[-1][0] + 1))
    assert paused.curve()[-1][0] > reached


def test_a_second_interrupt_ends_it_at_once(running):
    process = running(1)
    (worker,) = map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())
    os.kill(worker, signal.SIGSTOP)  # it does not hear that it should pause
    process.send_signal(signal.SIGINT)
    time.sleep(1)
    assert process.poll() is None, "it waits for its worker"
    process.send_signal(signal.SIGINT)
    sent = time.monotonic()
    process.communicate(timeout=60)
    assert time.monotonic() - sent < 5
    assert process.returncode == 130
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_the_board_shows_what_runs_and_who_leads():
    spec = SweepSpec.model_validate({"base": BASE, "space": {}, "objectives": {"coverage": "maximize"}})
    board, said = _Board(60.0, None), []
    screen = Console(record=True, file=io.StringIO(), width=100)

    def shown(happened):
        board.heard(happened, said.append)
        screen.print(board.drawn())
        return screen.export_text()

    assert "no trial is complete yet" in shown(Sweep("mine", Path(), spec, {}))
    running = Trial(0, "running", {}, {}, Path())
    assert "trial 0" in shown(running)
    assert "step 3/10" in shown(Stepped(0, 3, 10, 0.5))
    for number, coverage in enumerate((0.5, 0.75, 0.25)):
        text = shown(
            replace(running, number=number, state="complete", scores={"kid": 0.1, "coverage": coverage})
        )
    assert "best coverage so far: 0.750 (trial 1)" in text
    assert "3 trials" in text
    assert len(said) == 3


def test_a_resumed_sweep_keeps_its_question(cli):
    said = cli("sweep", "digits", "--resume", "--objective", "kid", "--seed", "0", "--set", "train.lr=0.1")
    assert said.exit_code == 2
    assert [line.partition(": a resumed sweep")[0] for line in said.stderr.splitlines()] == [
        "Error: --objective",
        "--set",
        "--seed",
    ]
