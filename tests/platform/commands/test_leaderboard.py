import csv
import json

import pytest

from diffsmith.tuner import folders


def test_the_table_has_the_best_first_and_no_more_than_asked_for(cli, runs):
    done = cli("leaderboard", "tiny", "--runs", runs)
    assert done.exit_code == 0, done.stderr
    title, *rows = [line for line in done.stdout.splitlines() if not line.startswith("*")]
    assert title.split()[:2] == ["trial", "frechet"]
    assert [row.split()[0].rstrip("*") for row in rows] == ["1", "2", "3"]
    scores = [float(row.split()[2]) for row in rows]
    assert scores == sorted(scores)
    assert len(cli("leaderboard", "tiny", "--runs", runs, "--top", "1").stdout.splitlines()) <= 3


def test_json_and_csv_say_the_same_by_name_and_by_folder(cli, runs):
    told = json.loads(cli("leaderboard", "tiny", "--runs", runs, "--json").stdout)
    assert (told["sweep"], told["stopped"], len(told["trials"])) == ("tiny", "3 trials were made", 3)
    table = list(csv.DictReader(cli("leaderboard", runs / "tiny", "--csv").stdout.splitlines()))
    assert [row["trial"] for row in table] == [str(trial["trial"]) for trial in told["trials"]]
    assert [float(row["frechet"]) for row in table] == [trial["frechet"] for trial in told["trials"]]
    assert {row["train.lr"] for row in table} == {"0.001", "0.003", "0.01"}


def test_looking_changes_nothing(cli, runs):
    def everything():
        files = [
            path for path in (runs / "tiny").rglob("*") if path.is_file() and "study.db" not in path.name
        ]
        return {path: path.read_bytes() for path in files}, folders.reopen(runs, "tiny")

    before = everything()
    for words in ([], ["--json"], ["--csv"]):
        assert cli("leaderboard", "tiny", "--runs", runs, *words).exit_code == 0
    assert everything() == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["tinny"], "unknown name 'tinny' — did you mean 'tiny'"),
        (["tiny", "--top", "0"], "'--top'"),
        ([], "Missing argument"),
    ],
)
def test_wrong_input_is_one_clear_sentence(cli, runs, words, told):
    done = cli("leaderboard", *words, "--runs", runs)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert told in done.stderr
