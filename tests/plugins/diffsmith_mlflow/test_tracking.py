import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
import yaml
from mlflow import MlflowClient
from mlflow.entities import Run
from PIL import Image
from tests.films import film

from diffsmith.tuner.records import Sweep
from diffsmith_mlflow import settings


def client_of(sweep: Sweep) -> MlflowClient:
    return MlflowClient(settings.tracking_uri(sweep.folder.parent))


def runs_of(sweep: Sweep) -> dict[str, Run]:
    """By name; two of one name would be a fault."""
    client = client_of(sweep)
    runs = client.search_runs([client.get_experiment_by_name("diffsmith").experiment_id])
    named = {run.info.run_name: run for run in runs}
    assert len(named) == len(runs)
    return named


def artifacts_of(sweep: Sweep, run: Run, folder: str | None = None) -> list[str]:
    return [entry.path for entry in client_of(sweep).list_artifacts(run.info.run_id, folder)]


def test_a_sweep_is_a_run_and_its_trials_are_runs_inside_it(tracked: Sweep) -> None:
    runs = runs_of(tracked)
    parent = runs.pop("digits")
    assert set(runs) == {"trial 0", "trial 1", "trial 2"}
    assert {run.data.tags["mlflow.parentRunId"] for run in runs.values()} == {parent.info.run_id}
    assert parent.data.tags["diffsmith.sweep"] == "digits"
    assert parent.data.tags["diffsmith.folder"] == str(tracked.folder)


def test_how_runs_ended_is_told(tracked: Sweep) -> None:
    runs = runs_of(tracked)
    assert {name: run.info.status for name, run in runs.items()} == {
        "digits": "FINISHED",
        "trial 0": "FINISHED",
        "trial 1": "KILLED",
        "trial 2": "FAILED",
    }
    assert runs["digits"].data.tags["diffsmith.stopped"] == "3 trials were made"
    assert runs["trial 1"].data.tags["diffsmith.reason"] == "worse than the median"
    assert runs["trial 2"].data.tags["diffsmith.reason"] == "the loss is nan"


def test_what_was_asked_for_and_tried_are_parameters(tracked: Sweep) -> None:
    runs = runs_of(tracked)
    asked = runs["digits"].data.params
    expected = {
        "objectives.frechet": "minimize",
        "constraints.latency": "0.5",
        "trials": "3",
        "seed": "7",
        "base.model.name": "unet",
        "base.data.name": "digits",
    }
    assert expected.items() <= asked.items()
    assert runs["trial 1"].data.params == {
        "train.lr": "0.1",
        "scheduler.name": "ddim",
        "scheduler.eta": "0.5",
    }


def test_curves_are_whole(tracked: Sweep) -> None:
    client, run = client_of(tracked), runs_of(tracked)["trial 0"].info.run_id
    loss = client.get_metric_history(run, "loss")
    assert sorted((each.step, each.value) for each in loss) == tracked.trials[0].curve()
    frechet = client.get_metric_history(run, "frechet")
    assert {each.step: each.value for each in frechet} == {500: 40.0, 1000: 20.0, 1500: 12.5}


def test_the_best_so_far_is_a_curve_over_trials(tracked: Sweep) -> None:
    parent = runs_of(tracked)["digits"].info.run_id
    history = client_of(tracked).get_metric_history(parent, "best.frechet")
    assert [(each.step, each.value) for each in history] == [(1, 12.5), (2, 12.5), (3, 12.5)]


def test_the_end_tells_how_good_the_best_is_on_test_data_and_how_good_it_could_be(tracked: Sweep) -> None:
    metrics = runs_of(tracked)["digits"].data.metrics
    assert (metrics["test.frechet"], metrics["floor.frechet"]) == (13.5, 5.0)


def test_sheets_are_images_by_step(tracked: Sweep) -> None:
    run = runs_of(tracked)["trial 0"]
    names = [Path(path).name for path in artifacts_of(tracked, run, "images")]
    pictures = [name.split("+")[:3] for name in names if name.endswith(".png")]
    assert sorted(pictures) == [
        ["last samples", "step", "0"],
        ["samples", "step", "1000"],
        ["samples", "step", "1500"],
        ["samples", "step", "500"],
    ]
    assert len([name for name in names if name.endswith(".webp")]) == len(pictures)
    (last,) = [name for name in names if name.startswith("last samples") and name.endswith(".png")]
    shown = Image.open(client_of(tracked).download_artifacts(run.info.run_id, f"images/{last}"))
    trial = tracked.trials[0]
    assert shown.tobytes() == Image.open(trial.folder / trial.rungs[-1].sheet).tobytes()
    assert run.data.tags["mlflow.loggedImages"] == "True"


def test_the_last_sheet_that_moves_is_a_clip(tracked: Sweep) -> None:
    runs, trial = runs_of(tracked), tracked.trials[0]
    (clip,) = artifacts_of(tracked, runs["trial 0"], "clips")
    assert clip == "clips/sheet-001500.mp4"
    kept = client_of(tracked).download_artifacts(runs["trial 0"].info.run_id, clip)
    assert Path(kept).read_bytes() == (trial.folder / "sheet-001500.mp4").read_bytes()
    assert artifacts_of(tracked, runs["trial 2"], "clips") == [], "it has made none"


def test_specs_and_leaderboard_are_artifacts(tracked: Sweep) -> None:
    client, runs = client_of(tracked), runs_of(tracked)
    expected = {"sweep.yaml", "leaderboard.csv", "leaderboard.md", "pareto.png"}
    assert expected == set(artifacts_of(tracked, runs["digits"]))
    spec = yaml.safe_load(
        Path(client.download_artifacts(runs["trial 0"].info.run_id, "spec.yaml")).read_text()
    )
    assert spec == tracked.trials[0].spec
    assert "| 1 | 0 | 12.5 | 0.1 |" in runs["digits"].data.tags["mlflow.note.content"]


def test_the_best_clips_of_a_sweep_are_artifacts(sweep: Sweep, run_sweep: Callable[[Sweep], None]) -> None:
    film(sweep.folder / "samples.mp4")
    run_sweep(sweep)
    assert "samples.mp4" in artifacts_of(sweep, runs_of(sweep)["digits"])


def test_everything_lies_beside_the_sweeps(tracked: Sweep) -> None:
    runs = tracked.folder.parent
    assert {path.name for path in runs.iterdir()} - {"mlflow.db-wal", "mlflow.db-shm"} == {
        "digits",
        "mlflow.db",
        "mlartifacts",
    }
    assert runs_of(tracked)["digits"].info.artifact_uri.startswith(str(runs / "mlartifacts"))


def test_mlflows_global_state_is_left_alone(tracked: Sweep) -> None:
    assert mlflow.active_run() is None
    assert "MLFLOW_TRACKING_URI" not in os.environ
    assert str(tracked.folder.parent) not in mlflow.get_tracking_uri()


@pytest.fixture
def sweep(tmp_path: Path, make_sweep: Callable[..., Sweep]) -> Sweep:
    return make_sweep(tmp_path)


def test_a_resumed_sweep_goes_on_in_its_run(sweep: Sweep, shout: Callable[..., None]) -> None:
    shout("sweep_started", sweep=replace(sweep, trials=()))
    shout("trial_ended", sweep=sweep, trial=sweep.trials[0])
    shout("sweep_ended", sweep=replace(sweep, trials=sweep.trials[:1], stopped="interrupted"))
    first = runs_of(sweep)
    assert first["digits"].info.status == "KILLED"

    longer = sweep.spec.model_copy(update={"trials": 30})
    shout("sweep_started", sweep=replace(sweep, spec=longer, trials=sweep.trials[:2]))
    running = runs_of(sweep)
    assert running["digits"].info.status == "RUNNING"
    assert set(running) == {"digits", "trial 0", "trial 1"}, "a trial that nobody tracked is caught up on"

    shout("trial_ended", sweep=sweep, trial=sweep.trials[2])
    shout("sweep_ended", sweep=sweep)
    last = runs_of(sweep)
    assert last["digits"].info.run_id == first["digits"].info.run_id
    assert last["trial 0"].info.run_id == first["trial 0"].info.run_id
    assert last["digits"].info.status == "FINISHED"
    versions = client_of(sweep).search_model_versions("name = 'diffsmith-digits'")
    assert len(versions) == 1, "the best is still the same"


def test_a_trial_half_written_when_the_process_died_is_written_again(
    sweep: Sweep, shout: Callable[..., None]
) -> None:
    shout("sweep_started", sweep=replace(sweep, trials=()))
    shout("trial_ended", sweep=sweep, trial=sweep.trials[1])
    half = runs_of(sweep)["trial 1"].info.run_id
    client_of(sweep).update_run(half, "RUNNING")
    shout("sweep_started", sweep=sweep)
    again = runs_of(sweep)["trial 1"]
    assert again.info.run_id != half
    assert again.info.status == "KILLED"


def test_a_new_sweep_in_an_old_ones_place_gets_its_own_run(sweep: Sweep, shout: Callable[..., None]) -> None:
    fresh = replace(sweep, trials=())
    for _ in range(2):  # the first has no trials yet: the second goes on in it
        shout("sweep_started", sweep=fresh)
        old = runs_of(sweep)["digits"].info.run_id
    shout("trial_ended", sweep=sweep, trial=sweep.trials[1])
    shout("sweep_started", sweep=fresh)
    shout("trial_ended", sweep=sweep, trial=sweep.trials[1])
    parents = {run.data.tags["mlflow.parentRunId"] for run in _all(sweep) if "trial" in run.info.run_name}
    assert len(parents) == 2
    assert old in parents


def _all(sweep: Sweep) -> list[Run]:
    return list(client_of(sweep).search_runs(["1"]))


def test_a_trial_that_only_pauses_is_not_tracked_yet(sweep: Sweep, shout: Callable[..., None]) -> None:
    shout("sweep_started", sweep=replace(sweep, trials=()))
    shout("trial_ended", sweep=sweep, trial=replace(sweep.trials[1], state="running"))
    assert set(runs_of(sweep)) == {"digits"}


def test_a_sweep_without_a_best_ends_too(sweep: Sweep, run_sweep: Callable[[Sweep], None]) -> None:
    run_sweep(replace(sweep, trials=sweep.trials[1:]))
    assert runs_of(sweep)["digits"].info.status == "FINISHED"
    assert client_of(sweep).search_registered_models() == []


def test_tracking_can_be_switched_off(
    sweep: Sweep, run_sweep: Callable[[Sweep], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFSMITH_TRACKING", "off")
    run_sweep(sweep)
    assert {path.name for path in sweep.folder.parent.iterdir()} == {"digits"}


def test_a_dead_server_costs_little_and_is_told_once(
    sweep: Sweep,
    run_sweep: Callable[[Sweep], None],
    unused_port: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:secret@127.0.0.1:{unused_port}")
    started = time.monotonic()
    run_sweep(sweep)
    assert time.monotonic() - started < 5
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        f"MLflow tracking of sweep digits: http://127.0.0.1:{unused_port} does not answer, "
        "so the sweep goes on without tracking; resume it later to track it"
    ]


def test_one_damaged_sheet_does_not_cost_the_other_trials(
    sweep: Sweep, run_sweep: Callable[[Sweep], None], caplog: pytest.LogCaptureFixture
) -> None:
    (sweep.trials[1].folder / sweep.trials[1].rungs[0].sheet).write_text("no picture")
    run_sweep(sweep)
    runs = runs_of(sweep)
    assert runs["digits"].info.status == "FINISHED"
    assert runs["trial 2"].info.status == "FAILED"
    assert caplog.text.count("UnidentifiedImageError") == 1
