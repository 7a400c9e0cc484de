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
    assert table[0].split() == ["NAME", "SUMMARY", "PLUGIN"]
    for row, line in zip(rows, table[1:], strict=True):
        assert line.split()[0] == row["name"]
        assert row["summary"] in line
        assert line.endswith(row["plugin"])


def test_columns_stand_under_one_another(cli):
    header, *lines = cli("list", "schedulers").stdout.splitlines()
    assert {line[: header.index("SUMMARY")].endswith("  ") for line in lines} == {True}


def test_an_unknown_kind_is_told_with_the_near_miss(cli):
    done = cli("list", "model")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "did you mean 'models'" in done.stderr
