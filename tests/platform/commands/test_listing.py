import json

import pytest

from diffsmith.commands.things import LISTED


def test_everything_is_listed_by_kind(cli):
    shown = cli("list")
    assert shown.exit_code == 0
    assert [line.split()[0] for line in shown.stdout.splitlines()] == ["KIND", *LISTED]
    assert set(json.loads(cli("list", "--json").stdout)) == set(LISTED)


@pytest.mark.parametrize("kind", LISTED)
def test_a_kind_is_listed_as_a_table_and_as_json(cli, kind):
    rows = json.loads(cli("list", kind, "--json").stdout)
    table = cli("list", kind).stdout.splitlines()
    assert rows
    measures = ["ORDER", "CALLS"] if kind == "schedulers" else []
    assert table[0].split() == ["NAME", *measures, "SUMMARY", "PLUGIN"]
    for row, line in zip(rows, table[1:], strict=True):
        assert line.split()[0] == row["name"]
        assert row["summary"] in line
        assert line.endswith(row["plugin"])


def test_schedulers_tell_their_order_and_what_they_cost(cli):
    lines = {line.split()[0]: line.split()[1:3] for line in cli("list", "schedulers").stdout.splitlines()}
    assert lines["heun"] == ["2", "2"]
    assert lines["lcm"] == ["-", "1"]
    assert lines["dpm_adaptive"][1] == "varies"
    rows = {row["name"]: row for row in json.loads(cli("list", "schedulers", "--json").stdout)}
    assert (rows["heun"]["order"], rows["heun"]["evaluations"]) == (2, 2)


def test_columns_stand_under_one_another(cli):
    header, *lines = cli("list", "schedulers").stdout.splitlines()
    assert {line[: header.index("SUMMARY")].endswith("  ") for line in lines} == {True}


def test_an_unknown_kind_is_told_with_the_near_miss(cli):
    done = cli("list", "model")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "did you mean 'models'" in done.stderr
