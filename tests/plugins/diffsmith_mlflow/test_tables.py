from dataclasses import replace
from pathlib import Path

from diffsmith.tuner.records import Rung, Trial
from diffsmith.tuner.results.leaderboard import Leaderboard
from diffsmith_mlflow.tables import dotted, markdown, measures

TRIAL = Trial(0, "complete", {}, {}, Path(), {"frechet": 3.0, "latency": 0.1}, (), 4.0)


def test_nested_fields_get_dotted_names() -> None:
    nested = {"train": {"lr": 0.1, "rate": "cosine"}, "scheduler": {}, "rungs": [0.3], "a.b": {"c": True}}
    assert dict(dotted(nested)) == {
        "train.lr": "0.1",
        "train.rate": "cosine",
        "scheduler": "{}",
        "rungs": "[0.3]",
        "a.b.c": "True",
    }


def test_final_scores_stand_at_the_last_step_once(tmp_path: Path) -> None:
    (tmp_path / "curve.csv").write_text("1,0.5\n2,nan\n3,0.25\n")
    rungs = (Rung(1, {"frechet": 9.0}, 0.1), Rung(3, {"frechet": 3.5}, 0.1))
    assert measures(replace(TRIAL, folder=tmp_path, rungs=rungs)) == {
        ("loss", 1): 0.5,
        ("loss", 3): 0.25,
        ("frechet", 1): 9.0,
        ("frechet", 3): 3.0,
        ("latency", 3): 0.1,
        ("seconds", 3): 4.0,
    }


def test_a_trial_that_never_started_has_only_its_seconds(tmp_path: Path) -> None:
    assert measures(replace(TRIAL, folder=tmp_path, scores={})) == {("seconds", 0): 4.0}


def test_the_table_shows_leaders_first_with_what_they_were() -> None:
    second = replace(TRIAL, number=1, scores={"frechet": 1.23456}, params={"train": {"lr": 0.1}})
    board = Leaderboard([TRIAL, second], {"frechet": "minimize"}, {})
    assert markdown(board).splitlines() == [
        "|  | trial | frechet | parameters |",
        "| --- | --- | --- | --- |",
        "| 1 | 1 | 1.235 | train.lr=0.1 |",
        "| 2 | 0 | 3 |  |",
    ]
