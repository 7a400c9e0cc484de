import sys
import time
from importlib.metadata import EntryPoint

import pytest

from diffsmith import hookspecs, registry
from diffsmith.cards import Card, ModelCard, SchedulerCard
from diffsmith.errors import PluginConflict, SpecError
from diffsmith.hookspecs import hookimpl
from diffsmith.interop.pipelines import Family
from diffsmith.registry import KINDS, Registry, default_registry
from diffsmith.specs import Choice
from diffsmith.weights.layouts import Layout


class Plugin:
    """What pluggy takes for a module."""

    def __init__(self, hooks):
        vars(self).update(hooks)


def plugin(**hooks):
    """A plugin whose hooks are those functions."""
    for name, hook in hooks.items():
        hook.__name__ = name
        hookimpl(hook)
    return Plugin(hooks)


def spacings(*cards):
    return plugin(diffsmith_spacings=lambda: list(cards))


def made_of(**plugins):
    return Registry((name, lambda each=each: each) for name, each in plugins.items())


def fail(error):
    def load():
        raise error

    return load


def test_every_kind_has_its_hook():
    assert all(hasattr(hookspecs, f"diffsmith_{kind}") for kind in KINDS)


def test_names_are_sorted_and_aliases_find_in_any_case():
    ours = made_of(a=spacings(Card("z", ""), Card("b", "", aliases=("Other",))))
    assert ours.names("spacings") == ["b", "z"]
    assert [card.name for card in ours.entries("spacings")] == ["b", "z"]
    assert ours.get("spacings", "oTHER").name == "b"
    assert ours.owner("spacings", "b") == "a"


def test_an_unknown_name_is_told_with_its_place_and_near_miss():
    with pytest.raises(SpecError, match=r"spacing\.name: unknown name 'karas' — did you mean 'karras'"):
        made_of(a=spacings(Card("karras", ""))).get("spacings", "karas", "spacing.name")


def test_bind_fills_the_options_in_and_checks_them():
    ours = made_of(a=spacings(Card("encode", "", "json.encoder:JSONEncoder")))
    encoder = ours.bind("spacings", Choice(name="encode", sort_keys=True))()
    assert encoder.encode({"b": 1, "a": 2}) == '{"a": 2, "b": 1}'
    with pytest.raises(SpecError, match="spacing: unknown name 'sort_kys' — did you mean 'sort_keys'"):
        ours.bind("spacings", Choice(name="encode", sort_kys=True), "spacing")


def test_two_plugins_with_one_name_conflict_and_the_message_names_both():
    ours = made_of(first=spacings(Card("same", "")), second=spacings(Card("same", ""), Card("fine", "")))
    with pytest.raises(PluginConflict, match=r"'first' and from 'second'"):
        ours.get("spacings", "same")
    assert ours.get("spacings", "fine").name == "fine"
    assert ours.names("spacings") == ["fine", "same"]
    assert "PluginConflict" in ours.reports["second"].error
    assert ours.reports["first"].error == ""


def test_one_plugin_with_a_name_twice_conflicts_with_itself():
    ours = made_of(a=spacings(Card("same", "one"), Card("same", "two")))
    with pytest.raises(PluginConflict):
        ours.get("spacings", "same")


@pytest.mark.parametrize(
    "error", [ImportError("no such"), SystemExit(3), SyntaxError("bad"), RuntimeError("x")]
)
def test_a_plugin_that_fails_to_load_is_reported_and_the_others_go_on(error):
    ours = Registry([("broken", fail(error)), ("whole", lambda: spacings(Card("a", "")))])
    assert ours.names("spacings") == ["a"]
    assert ours.reports["broken"].error.startswith(type(error).__name__)
    assert "Traceback" in ours.reports["broken"].details


def test_ctrl_c_while_loading_is_no_fault_of_the_plugin():
    with pytest.raises(KeyboardInterrupt):
        Registry([("slow", fail(KeyboardInterrupt()))])


def _raising():
    raise ValueError("half way")


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (plugin(diffsmith_spacings=lambda: [3]), "diffsmith_spacings brought 3, expected a list of Cards"),
        (plugin(diffsmith_models=lambda: [Card("a", "")]), "expected a list of ModelCards"),
        (plugin(diffsmith_modalities=lambda: [object()]), "expected a list of objects"),
        (plugin(diffsmith_spacings=lambda: 5), "not iterable"),
        (plugin(diffsmith_spacings=_raising), "half way"),
        (
            plugin(diffsmith_spacing=lambda: []),
            "unknown name 'diffsmith_spacing' — did you mean 'diffsmith_spacings'",
        ),
        (plugin(diffsmith_spacings=lambda unknown: []), "unknown"),
    ],
)
def test_a_plugin_that_brings_nonsense_brings_nothing(bad, told):
    ours = made_of(bad=bad, good=spacings(Card("a", "")))
    assert told in ours.reports["bad"].error
    assert ours.reports["bad"].brings == {}
    assert ours.names("spacings") == ["a"]
    assert [name for name, _ in ours.implementing("diffsmith_spacings")] == ["good"]


def test_a_hook_that_returns_nothing_brings_nothing():
    ours = made_of(quiet=plugin(diffsmith_spacings=lambda: None))
    assert ours.reports["quiet"].error == ""


def test_two_packages_with_one_plugin_name_are_told_and_the_first_stays():
    ours = Registry([("x", lambda: spacings(Card("a", ""))), ("x", lambda: spacings(Card("b", "")))])
    assert ours.names("spacings") == ["a"]
    assert "two packages bring a plugin called 'x'" in ours.reports["x"].error


def test_observers_all_hear_even_where_one_fails():
    heard = []

    def deaf(samples):
        raise RuntimeError("deaf")

    def hears(samples):
        heard.extend(samples)

    def quits(samples):
        sys.exit(1)

    ours = made_of(
        a=plugin(diffsmith_samples_made=deaf),
        b=plugin(diffsmith_samples_made=quits),
        c=plugin(diffsmith_samples_made=hears),
    )
    ours.shout("diffsmith_samples_made", samples=[1])
    assert heard == [1]
    assert ours.reports["a"].error == "RuntimeError: deaf"
    assert ours.reports["b"].error == "SystemExit: 1"


def test_collect_passes_over_a_plugin_that_fails():
    ours = made_of(
        a=plugin(diffsmith_search_spaces=lambda: ["one"]),
        b=plugin(diffsmith_search_spaces=_raising),
        c=plugin(diffsmith_search_spaces=lambda: ["two"]),
    )
    assert sorted(ours.collect("diffsmith_search_spaces")) == ["one", "two"]
    assert "half way" in ours.reports["b"].error


@pytest.fixture
def installed(monkeypatch):
    """The entry points that seem to be installed."""
    points = [EntryPoint("zebra", "diffsmith_nowhere", "diffsmith")]
    points += [EntryPoint("builtin", "diffsmith.builtin_plugin", "diffsmith")]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    default_registry.cache_clear()
    yield
    default_registry.cache_clear()


@pytest.mark.parametrize(
    ("wanted", "loaded"),
    [
        (None, ["builtin", "zebra"]),
        ("", ["builtin"]),
        ("zebra", ["builtin", "zebra"]),
        (" zebra ,", ["builtin", "zebra"]),
    ],
)
def test_the_environment_narrows_the_plugins(installed, monkeypatch, wanted, loaded):
    if wanted is None:
        monkeypatch.delenv("DIFFSMITH_PLUGINS", raising=False)
    else:
        monkeypatch.setenv("DIFFSMITH_PLUGINS", wanted)
    assert list(default_registry().reports) == loaded


def test_a_plugin_asked_for_that_is_not_there_is_told(installed, monkeypatch):
    monkeypatch.setenv("DIFFSMITH_PLUGINS", "zebr")
    assert "did you mean 'zebra'" in default_registry().reports["zebr"].error


def test_thousands_of_cards_are_no_burden():
    cards = [ModelCard(f"model_{number}", "", aliases=(f"m{number}",)) for number in range(5000)]
    started = time.process_time()
    ours = made_of(a=plugin(diffsmith_models=lambda: cards))
    assert ours.get("models", "m4999").name == "model_4999"
    assert time.process_time() - started < 2


DATA = {"layouts": Layout, "pipelines": Family}
"""Kinds whose cards lead to data."""


def test_what_is_built_in_has_a_summary_and_a_function(registry):
    for kind in KINDS:
        for entry in registry.entries(kind):
            assert entry.summary, f"{kind} {entry.name}"
            if kind in DATA:
                assert isinstance(entry.function, DATA[kind])
            elif kind != "modalities" and not (isinstance(entry, SchedulerCard) and not entry.ref):
                assert callable(entry.function)


def test_no_plugin_of_ours_is_broken(registry):
    assert {name: report.error for name, report in registry.reports.items() if report.error} == {}
