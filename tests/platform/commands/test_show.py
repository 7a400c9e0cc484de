import json

import pytest

from diffsmith.commands.things import LISTED, things


@pytest.mark.parametrize("kind", LISTED)
def test_everything_can_be_shown_both_ways(cli, registry, kind):
    for thing in things(kind, registry):
        shown = cli("show", thing.name, "--kind", kind)
        assert shown.exit_code == 0, shown.stderr
        assert thing.summary in shown.stdout
        (facts,) = json.loads(cli("show", thing.name, "--kind", kind, "--json").stdout)
        assert (facts["kind"], facts["name"], facts["plugin"]) == (kind, thing.name, thing.plugin)


def test_a_scheduler_shows_its_factors_and_their_options_with_its_own_defaults(cli):
    (facts,) = json.loads(cli("show", "ddim", "--json").stdout)
    assert (facts["estimate"], facts["renoise"]) == ("euler", "ancestral")
    eta, s_noise = facts["options"]
    assert (eta["name"], eta["type"], eta["default"]) == ("eta", "number, >= 0, <= 1.5", 0.0)
    assert s_noise["default"] == 1.0
    assert "fresh" in eta["meaning"]
    own = json.loads(cli("show", "probability_flow", "--json").stdout)[0]
    assert {"estimate", "renoise", "correct"}.isdisjoint(own)


def test_a_scheduler_is_explained_in_words(cli):
    shown = cli("show", "DPM++ 2M SDE").stdout
    for words in ("estimate:", "renoise:", "source:", "when:", "calls:", "order:", "guidance:", "eta"):
        assert words in shown


def test_a_name_that_ends_in_a_spacing_shows_both(cli):
    found = json.loads(cli("show", "DPM++ 2M SDE Karras", "--json").stdout)
    assert [(each["kind"], each["name"]) for each in found] == [
        ("schedulers", "dpmpp_2m_sde"),
        ("spacings", "karras"),
    ]


def test_options_show_types_ranges_and_defaults(cli):
    shown = cli("show", "unet").stdout
    assert "one of 1, 2, 4, 8" in shown
    assert "whole number, >= 8, a multiple of 8" in shown
    assert "default required" not in shown
    assert "schedule:" in shown
    assert "default required" in cli("show", "explicit_sigmas").stdout
    assert json.loads(cli("show", "cfg", "--json").stdout)[0]["options"][2]["default"] == [0.0, "Infinity"]


def test_an_ambiguous_name_shows_all_that_match(cli):
    shown = cli("show", "euler").stdout
    assert "euler: scheduler." in shown
    assert "euler: estimate." in shown
    assert len(json.loads(cli("show", "euler", "--json").stdout)) == 2


def test_a_space_shows_its_yaml(cli, registry):
    space = things("spaces", registry)[0]
    assert space.entry.read_text() in cli("show", space.name, "--kind", "spaces").stdout


def test_an_unknown_name_is_told_with_the_near_miss(cli):
    done = cli("show", "karas")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "did you mean 'karras'" in done.stderr
