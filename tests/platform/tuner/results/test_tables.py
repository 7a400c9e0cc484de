import csv
import json
from dataclasses import replace

from diffsmith.tuner.records import Trial
from diffsmith.tuner.results.tables import rows, write_tables


def test_ranked_trials_come_first_and_the_others_say_why(new_sweep, searched, evaluate, tmp_path):
    sweep = new_sweep(first=[{"train.lr": lr} for lr in (0.004, 0.001, 0.002, 0.003, 0.05)])
    search = searched(sweep, evaluate, trials=5)
    table = rows(replace(sweep, trials=tuple(search.trials.values())))
    assert [(row["place"], row["trial"], row["pareto"]) for row in table] == [
        (1, 1, True),
        (2, 2, False),
        (3, 3, False),
        (4, 0, False),
        (None, 4, False),
    ]
    assert table[0]["train.lr"] == table[0]["quality"] == 0.001
    assert table[4]["reason"] == "behind the others after 3 steps"


def test_json_and_csv_say_the_same(new_sweep, searched, evaluate):
    sweep = new_sweep(constraints={"latency": 1.0})
    sweep = replace(
        sweep, trials=tuple(searched(sweep, evaluate, trials=6).trials.values()), floors={"quality": 0.5}
    )
    odd = Trial(
        9, "failed", {"train.lr": 0.1}, {}, sweep.folder / "x", {"quality": float("nan")}, reason="a, b\n'c'"
    )
    sweep = replace(sweep, trials=(*sweep.trials, odd))
    write_tables(sweep)

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    told = json.loads((sweep.folder / "leaderboard.json").read_text(), parse_constant=refuse)
    assert (told["sweep"], told["noise_floor"]) == ("sweep", {"quality": 0.5})
    assert (told["objectives"], told["constraints"]) == ({"quality": "minimize"}, {"latency": 1.0})
    with (sweep.folder / "leaderboard.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == len(told["trials"]) == len(rows(sweep)) == 7
    for written, row in zip(table, told["trials"], strict=True):
        same = {name: "" if row.get(name) is None else str(row[name]) for name in written}
        assert {**same, "quality": same["quality"].lower()} == {
            **written,
            "quality": written["quality"].lower(),
        }


def test_a_sweep_without_trials_has_empty_tables(new_sweep):
    sweep = new_sweep()
    write_tables(sweep)
    assert json.loads((sweep.folder / "leaderboard.json").read_text())["trials"] == []
    assert (sweep.folder / "leaderboard.csv").read_text().strip() == ""
