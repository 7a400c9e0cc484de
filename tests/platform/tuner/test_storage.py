import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import optuna
import pytest
from optuna.trial import TrialState

from diffsmith.errors import DiffsmithError
from diffsmith.tuner import folders, storage

FIRST = [{"train.lr": lr} for lr in (0.01, 0.002, 0.003)]
CRASH = """
import os, signal, sys
from pathlib import Path
from diffsmith.tuner import folders, storage
from diffsmith.tuner.budget import Budget
from diffsmith.tuner.trials.executors import Inline
from diffsmith.tuner.trials.jobs import Stepped
from diffsmith.tuner.run import run
from diffsmith.tuner.search import Search

runs, point, log = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])

def die(here, number):
    if (here, number) == (point, 2):
        os.kill(os.getpid(), signal.SIGKILL)

def remember(study, trial, remember=storage.remember):
    die("asked", trial.number)
    remember(study, trial)
    die("remembered " + trial.state, trial.number)

def tell(self, event, tell=Search.tell):
    trial = tell(self, event)
    die("told", trial.number)
    return trial

def evaluate(job):
    yield Stepped(job.number, 1, 2, 0.1)
    die("training", job.number)
    with log.open("a") as file:
        print(job.spec["train"]["lr"], file=file)
    if job.number == 2 and point == "remembered failed":
        raise RuntimeError("at the third")
    return {"quality": job.spec["train"]["lr"]}

storage.remember, Search.tell = remember, tell
sweep = folders.reopen(runs, "sweep")
search = Search(sweep.spec, folders.open_study(sweep), sweep.folder, ("quality",), Budget(trials=5))
for _ in run(search, Inline(evaluate), lambda: False):
    pass
"""
POINTS = ["asked", "remembered running", "training", "remembered complete", "remembered failed", "told"]


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_loses_no_finished_trial_and_leaves_none_running(
    point, new_sweep, searched, evaluate, tmp_path
):
    sweep, log = new_sweep(first=FIRST, rungs=(), constraints={"quality": 1.0}), tmp_path / "log"
    killed = subprocess.run(
        [sys.executable, "-c", CRASH, str(tmp_path), point, str(log)],
        check=False,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    ended = [float(line) for line in log.read_text().split()]
    known = folders.reopen(tmp_path, "sweep").trials
    assert {trial.state for trial in known} <= {"complete", "failed", "paused"}

    def noted(job):
        scores = yield from evaluate(job)
        ended.append(job.spec["train"]["lr"])
        return scores

    search = searched(sweep, noted, trials=5)
    assert len(search.trials) == len(ended) == len(set(ended)) == 5, "the budget holds, nothing is done twice"
    assert set(ended[:3]) == {0.01, 0.002, 0.003}
    assert not search.study.get_trials(states=[TrialState.RUNNING, TrialState.WAITING])
    told = {TrialState.COMPLETE: "complete", TrialState.FAIL: "failed"}
    assert [told[search.study.trials[number].state] for number in search.trials] == [
        trial.state for trial in search.trials.values()
    ]
    assert all(search.study.trials[number].constraints for number in search.trials) == (
        point != "remembered failed"
    )
    reopened = folders.reopen(tmp_path, "sweep").trials
    assert [trial.state for trial in reopened].count("complete") == 5 - (point == "remembered failed")
    assert len(reopened) == 5


HOLD = """
import sys
from pathlib import Path
from diffsmith.tuner import storage
with storage.locked(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_on_a_sweep_is_refused_until_the_first_is_gone(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout.readline() == b"locked\n"
        with (
            pytest.raises(DiffsmithError, match="another process is running this sweep"),
            storage.locked(tmp_path),
        ):
            pass
        holder.kill()
    with storage.locked(tmp_path):
        pass


def _cut(content):
    return content[: len(content) // 2]


def _overwritten(content):
    return content[:4096] + b"\x13" * 4096 * 4 + content[4096 * 5 :]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda content: b"no database at all, but words" * 99, "file is not a database"),
        (_cut, "is damaged or no SQLite file"),
        (_overwritten, "is damaged or no SQLite file"),
        (lambda content: b"", "there is no study"),
    ],
    ids=["words", "cut", "overwritten", "empty"],
)
def test_a_damaged_study_is_one_clear_sentence(damage, told, new_sweep, searched, evaluate, tmp_path):
    searched(new_sweep(), evaluate, trials=2)
    with closing(sqlite3.connect(tmp_path / "sweep" / "study.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = shutil.copytree(tmp_path / "sweep", tmp_path / "damaged") / "study.db"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DiffsmithError, match=told) as caught:
        folders.reopen(tmp_path, "damaged")
    assert "\n" not in str(caught.value)


def test_a_study_elsewhere_keeps_two_sweeps_of_one_name_apart(
    new_sweep, searched, evaluate, tmp_path, monkeypatch
):
    monkeypatch.setenv("DIFFSMITH_STORAGE", f"sqlite:///{tmp_path}/all.db")
    first = new_sweep()
    searched(first, evaluate, trials=3)
    assert not (first.folder / "study.db").exists()
    first.folder.rename(tmp_path / "moved")
    assert searched(new_sweep(), evaluate, trials=2).trials.keys() == {0, 1}
    assert len(folders.reopen(tmp_path, "moved").trials) == 3, "its folder may be moved"
    assert folders.reopen(tmp_path, "moved").trials[0].folder.parent == tmp_path / "moved" / "trials"
    monkeypatch.delenv("DIFFSMITH_STORAGE")
    with pytest.raises(DiffsmithError, match="set DIFFSMITH_STORAGE as it was"):
        folders.reopen(tmp_path, "moved")


def test_where_the_study_lies_is_never_written_down(new_sweep, searched, evaluate, tmp_path, monkeypatch):
    (tmp_path / "hunter2").mkdir()
    monkeypatch.setenv("DIFFSMITH_STORAGE", f"sqlite:///{tmp_path}/hunter2/study.db")
    searched(new_sweep(), evaluate, trials=3)
    files = [path for path in (tmp_path / "sweep").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"hunter2" in path.read_bytes()]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@127.0.0.1:1/studies",
        "postgresql://me:p@ss/hunter2@127.0.0.1:1/studies",
        "mysql://127.0.0.1:1/studies?user=me&password=hunter2",
        "nonsense://me:hunter2@127.0.0.1",
        "hunter2",
    ],
)
def test_a_password_is_not_told(url, tmp_path):
    with pytest.raises(DiffsmithError, match=r"the study's database .* cannot be opened") as caught:
        storage.open_storage(tmp_path, url)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value).removeprefix("the study's database hunter2") or url == "hunter2"


def test_a_disk_that_fills_is_told_and_what_was_finished_is_kept(
    new_sweep, searched, evaluate, tmp_path, monkeypatch
):
    sweep = new_sweep()
    searched(sweep, evaluate, trials=2)

    def full(study, trial):
        raise optuna.exceptions.StorageInternalError("invalid data?") from OSError(
            28, "No space left on device"
        )

    monkeypatch.setattr(storage, "remember", full)
    with (
        pytest.raises(DiffsmithError, match=r"No space left on device.*then resume"),
        storage.told(sweep.folder),
    ):
        searched(sweep, evaluate, trials=4)
    monkeypatch.undo()
    assert len(folders.reopen(tmp_path, "sweep").trials) == 2


def test_a_record_comes_back_the_same(new_sweep, searched, evaluate):
    search = searched(new_sweep(), evaluate, trials=2)
    assert storage.records(search.study, search.folder / "trials") == list(search.trials.values())


def test_a_trial_of_others_in_the_study_is_not_shown(new_sweep, tmp_path):
    study = folders.open_study(new_sweep())
    study.add_trial(optuna.create_trial(value=1.0))
    assert folders.reopen(tmp_path, "sweep").trials == ()
