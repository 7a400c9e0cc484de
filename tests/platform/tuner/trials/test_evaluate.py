from pathlib import Path

import pytest
from PIL import Image

import diffsmith
from diffsmith.errors import SpecError
from diffsmith.tuner.trials.driving import driven
from diffsmith.tuner.trials.evaluate import evaluate
from diffsmith.tuner.trials.jobs import Climbed, Ended, Event, Job, Stepped, Stopped


@pytest.fixture
def run(base, registry, tmp_path):
    """run(stop_at=step, state="paused"): the events of a real trial of ten steps."""

    def run(folder="trial", *, stop_at=None, state="paused", **train):
        spec = {**base, "train": {**base["train"], **train}}
        path = tmp_path / folder
        path.mkdir(exist_ok=True)
        job = Job(0, spec, str(path), (0.5,), 16, ("sliced_wasserstein",), 0)
        seen: list[Event] = []

        def told():
            stop = seen and isinstance(seen[-1], Stepped) and seen[-1].step == stop_at
            return Stopped(state, "told so") if stop else None

        seen.extend(driven(lambda each: evaluate(each, registry), job, float("inf"), told))
        return path, seen

    return run


def lines(path: Path):
    return [int(line.partition(",")[0]) for line in (path / "curve.csv").read_text().splitlines()]


def test_a_trial_trains_climbs_and_leaves_a_pipeline(run):
    path, events = run()
    climbed = [event.rung for event in events if isinstance(event, Climbed)]
    assert [rung.step for rung in climbed] == [5, 10]
    assert events[-1].scores.keys() == {"sliced_wasserstein", "latency", "memory"}
    assert events[-1].scores["sliced_wasserstein"] == climbed[-1].scores["sliced_wasserstein"]
    assert events[-1].scores["latency"] > 0
    assert lines(path) == list(range(1, 11))
    for rung in climbed:
        assert min(Image.open(path / rung.sheet).size) > 50
    assert len(diffsmith.load(path).generate(labels=[3, 7], seed=0)) == 2


def test_paused_and_taken_up_again_it_is_as_if_it_never_was(run):
    whole, all_events = run("whole")
    path, events = run("parts", stop_at=3)
    assert isinstance(events[-1], Ended)
    assert (events[-1].state, events[-1].scores) == ("paused", {})
    path, events = run("parts", stop_at=7)
    assert events[0].step == 4
    _, events = run("parts")
    assert (path / "weights.safetensors").read_bytes() == (whole / "weights.safetensors").read_bytes()
    assert (path / "curve.csv").read_text() == (whole / "curve.csv").read_text()
    quality = "sliced_wasserstein"
    assert events[-1].scores[quality] == all_events[-1].scores[quality]


def test_paused_again_before_its_first_step_it_keeps_its_curve(run):
    path, _ = run(stop_at=7)
    _, events = run(stop_at=7)
    assert not [event for event in events if isinstance(event, Stepped) and event.step != 7]
    assert events[-1].state == "paused"
    assert lines(path) == list(range(1, 8))


def test_a_pruned_trial_leaves_its_curve_and_no_checkpoint(run):
    path, events = run(stop_at=3, state="pruned")
    assert (events[-1].state, events[-1].reason) == ("pruned", "told so")
    assert lines(path) == [1, 2, 3]
    assert not (path / "checkpoints").exists()


def test_a_killed_trial_goes_on_from_its_last_checkpoint(base, registry, tmp_path):
    base["train"]["checkpoint_every"] = 2
    job = Job(0, base, str(tmp_path), (), 16, ("sliced_wasserstein",), 0)
    going = evaluate(job, registry)
    steps = [next(going).step for _ in range(5)]
    assert steps == [1, 2, 3, 4, 5]
    going.close()
    assert next(evaluate(job, registry)).step == 5


def test_a_trial_that_is_complete_keeps_no_checkpoints(run):
    path, events = run(checkpoint_every=2)
    assert events[-1].state == "complete"
    assert not (path / "checkpoints").exists()


def test_what_cannot_be_meant_is_told(base, registry):
    base["model"] = {"name": "unet", "widht": 8}
    with pytest.raises(SpecError, match="did you mean 'width'"):
        next(evaluate(Job(0, base, "", (), 16, (), 0), registry))
