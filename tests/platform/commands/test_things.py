import pytest

from diffsmith.cards import Card
from diffsmith.commands.things import LISTED, completing, things, things_named
from diffsmith.errors import SpecError
from diffsmith.hookspecs import hookimpl
from diffsmith.registry import Registry


def test_a_name_finds_all_that_answer_to_it_in_any_case(registry):
    assert [thing.kind for thing in things_named("euler", registry)] == ["schedulers", "estimates"]
    assert [thing.name for thing in things_named("ddimscheduler", registry)] == ["ddim"]
    assert [thing.kind for thing in things_named("euler", registry, "estimates")] == ["estimates"]


def test_an_unknown_name_is_told_with_the_nearest_of_all_kinds_aliases_too(registry):
    for name, guess in (("karas", "karras"), ("digit", "digits"), ("DDIMSchedule", "DDIMScheduler")):
        with pytest.raises(SpecError, match=f"did you mean '{guess}'"):
            things_named(name, registry)
    with pytest.raises(SpecError, match=r"'qqqqqq'\. `diffsmith list`"):
        things_named("qqqqqq", registry)


def test_completion_offers_each_name_once():
    offered = completing(*LISTED)("e")
    assert offered == sorted(set(offered))
    assert {"euler", "edm", "epsilon"} <= set(offered)


class Spaces:
    def __init__(self, folder):
        self.folder = folder

    @hookimpl
    def diffsmith_search_spaces(self):
        return [self.folder, self.folder / "nowhere"]

    @hookimpl
    def diffsmith_spacings(self):
        return [Card("same", "")]


def test_spaces_are_the_yaml_files_of_plugins_and_a_broken_one_says_so(tmp_path):
    (tmp_path / "b.yaml").write_text("summary: Bees\nspace: {}")
    (tmp_path / "a.yaml").write_text("a: [")
    (tmp_path / "notes.txt").touch()
    found = things("spaces", Registry([("mine", lambda: Spaces(tmp_path))]))
    assert [(thing.name, thing.plugin) for thing in found] == [("a", "mine"), ("b", "mine")]
    assert found[0].summary.startswith("cannot be read: ")
    assert found[1].summary == "Bees"


def test_a_contested_name_is_still_listed(tmp_path):
    registry = Registry([(name, lambda: Spaces(tmp_path)) for name in ("one", "two")])
    assert [thing.name for thing in things("spacings", registry)] == ["same"]
