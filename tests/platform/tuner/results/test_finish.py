import json
from dataclasses import replace

import pytest
from PIL import Image

import diffsmith
from diffsmith.documents import read_yaml
from diffsmith.tuner import api, folders
from diffsmith.tuner.results.finish import card_facts, finish


def test_a_finished_sweep_leaves_what_people_look_at(finished):
    files = {path.name for path in finished.folder.iterdir()}
    assert {"best", "leaderboard.csv", "leaderboard.json", "pareto.png", "samples.png", "sweep.yaml"} <= files
    for name in ("pareto.png", "samples.png"):
        assert len(set(Image.open(finished.folder / name).convert("L").getdata())) > 2
    assert len(json.loads((finished.folder / "leaderboard.json").read_text())["trials"]) == 3
    assert finished.stopped == "3 trials were made"


def test_the_best_is_scored_once_more_on_data_it_was_not_chosen_by(finished):
    assert (
        finished.test.keys()
        == finished.test_floors.keys()
        == finished.floors.keys()
        == finished.best.scores.keys() - {"latency", "memory"}
    )
    assert all(
        finished.test[name] != finished.best.scores[name] for name in ("frechet", "sliced_wasserstein")
    )
    reopened = folders.reopen(finished.folder.parent, finished.name)
    assert replace(reopened, seconds=finished.seconds) == finished


def test_the_best_pipeline_loads_and_makes_what_the_trial_made(finished):
    ours, theirs = diffsmith.load(finished.folder / "best"), finished.best.pipeline()
    made = [pipeline.generate(labels=[3, 7], seed=5) for pipeline in (ours, theirs)]
    assert all((a.data == b.data).all() for a, b in zip(*made, strict=True))
    card = (finished.folder / "best" / "README.md").read_text()
    assert f"trial {finished.best.number}; 3 were made" in card
    assert "frechet (test)" in card
    assert "frechet (noise floor)" in card


def test_only_the_best_has_test_scores_on_its_card(finished):
    other = finished.leaderboard.ranked[1]
    assert not [fact for fact in card_facts(finished, other) if "test" in fact]


def test_a_sweep_where_nothing_keeps_the_bounds_has_tables_and_no_best(finished, registry, tmp_path):
    spec = finished.spec.model_copy(update={"constraints": {"latency": 1e-9}})
    bounded = finish(replace(finished, spec=spec, folder=tmp_path, test={}), registry)
    assert bounded.test == {}
    assert {path.name for path in tmp_path.iterdir()} == {"leaderboard.csv", "leaderboard.json", "sweep.yaml"}
    assert read_yaml(tmp_path / "sweep.yaml")["stopped"] == "3 trials were made"


@pytest.mark.parametrize("more", [{"trials": 1}, {"trials": 0}])
def test_a_sweep_that_goes_on_replaces_its_results(more, space_path, registry, tmp_path):
    common = {"workers": 0, "runs": tmp_path, "registry": registry}
    first = api.sweep(str(space_path), trials=1, samples=16, **common)
    (first.folder / "best" / "README.md").write_text("old")
    again = api.sweep(first.name, resume=True, **common, **more)
    assert again.folder == first.folder
    assert len(again.trials) == 1 + more["trials"]
    assert "# best" in (first.folder / "best" / "README.md").read_text()
