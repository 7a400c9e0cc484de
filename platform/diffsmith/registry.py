"""Plugins in, names out: conflicts, broken plugins and unknown names are reported here only."""

import os
import re
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from . import hookspecs
from .cards import AdapterCard, Card, ConditionerCard, DatasetCard, MetricCard, ModelCard, SchedulerCard
from .errors import PluginConflict, SpecError, unknown_name
from .options import checked_options
from .specs import Choice

__all__ = ["KINDS", "PluginReport", "Registry", "default_registry", "plain_name"]

KINDS = {
    "models": "model",
    "autoencoders": "autoencoder",
    "conditioners": "conditioner",
    "adapters": "adapter",
    "layouts": "layout",
    "pipelines": "published pipeline",
    "single_files": "kind of single file",
    "caches": "feature cache",
    "modalities": "modality",
    "datasets": "dataset",
    "metrics": "metric",
    "schedulers": "scheduler",
    "spacings": "spacing",
    "guidance": "guidance",
    "thresholds": "threshold",
    "boundaries": "boundary condition",
    "estimates": "estimate",
    "renoise": "noise rule",
    "correctors": "corrector",
    "noise": "noise",
    "schedules": "noise schedule",
    "predictions": "prediction",
    "times": "times",
    "weightings": "weighting",
}
"""Every kind of named thing, as its hook's ending, and what one of it is called."""

_CARDS = {
    "models": ModelCard,
    "conditioners": ConditionerCard,
    "adapters": AdapterCard,
    "datasets": DatasetCard,
    "metrics": MetricCard,
    "schedulers": SchedulerCard,
}


@dataclass
class PluginReport:
    """What became of one plugin: what it brought, or why it did not load."""

    name: str
    package: str = ""
    brings: dict[str, list[str]] = field(default_factory=dict)
    error: str = ""
    details: str = ""

    def fail(self, error: BaseException) -> None:
        """Keep the error for `diffsmith plugins`; everything else goes on."""
        self.error = f"{type(error).__name__}: {error}"
        self.details = "".join(traceback.format_exception(error))


class Registry:
    """All that the given plugins bring. Tests make a fresh one; programs use `default_registry()`."""

    def __init__(self, plugins: Iterable[tuple[str, Callable[[], object]]]) -> None:
        self.reports: dict[str, PluginReport] = {}
        self._shelves: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        self._owners: dict[tuple[str, str], str] = {}
        self._conflicts: dict[tuple[str, str], PluginConflict] = {}
        self._manager = pluggy.PluginManager("diffsmith")
        self._manager.add_hookspecs(hookspecs)
        for name, load in plugins:
            self._admit(name, load)

    def names(self, kind: str) -> list[str]:
        """The registered names of a kind, sorted."""
        return sorted(self._shelves[kind])

    def entries(self, kind: str) -> list[Any]:
        """Every card (or modality) of a kind, in the order of their names."""
        return [self._shelves[kind][name] for name in self.names(kind)]

    def get(self, kind: str, name: str, where: str = "") -> Any:
        """The card (or modality) of that name or alias; a SpecError names the nearest one."""
        shelf = self._shelves[kind]
        if (kind, name) in self._conflicts:
            raise self._conflicts[kind, name]
        if name in shelf:
            return shelf[name]
        known = self._spelled(kind)
        if plain_name(name) in known:
            return known[plain_name(name)]
        raise SpecError([unknown_name(where or KINDS[kind], name, list(shelf))])

    def scheduler(self, name: str, where: str = "") -> tuple[SchedulerCard, str]:
        """A scheduler, and the spacing that its name ends in, as in "dpm++ 2m karras", or ""."""
        whole = plain_name(name)
        spacings = {f"_{spelled}": card.name for spelled, card in self._spelled("spacings").items()}
        tail = max((each for each in spacings if whole.endswith(each)), key=len, default="")
        if not tail or whole in self._spelled("schedulers"):
            return self.get("schedulers", name, where), ""
        return self.get("schedulers", whole.removesuffix(tail), where), spacings[tail]

    def bind(self, kind: str, choice: Choice, where: str = "") -> Callable[..., Any]:
        """The chosen function with its options filled in, all checked against its signature."""
        card: Card = self.get(kind, choice.name, where and f"{where}.name")
        options = {**getattr(card, "defaults", {}), **choice.options}
        return partial(card.function, **checked_options(card.function, options, where or card.name))

    def owner(self, kind: str, name: str) -> str:
        """The plugin that brought it."""
        return self._owners[kind, name]

    def shout(self, hook: str, **facts: Any) -> None:
        """Tell every observer; one that fails is reported and the others still hear."""
        for plugin, tell in self.implementing(hook):
            with self.guarded(plugin):
                tell(**facts)

    def collect(self, hook: str) -> Iterator[Any]:
        """What the plugins return for a hook outside KINDS, one result after the other."""
        for plugin, ask in self.implementing(hook):
            results: list[Any] = []
            with self.guarded(plugin):
                results = [each for result in ask() for each in result]
            yield from results

    def implementing(self, hook: str) -> Iterator[tuple[str, Callable[..., Any]]]:
        """The plugins that implement a hook, each with the hook called on it alone."""
        for name, plugin in self._manager.list_name_plugin():
            if hasattr(plugin, hook):
                yield name, self._caller(hook, name)

    @contextmanager
    def guarded(self, plugin: str) -> Iterator[None]:
        """A plugin's border: what fails inside is kept for `diffsmith plugins`; everything else goes on."""
        try:
            yield
        except (Exception, SystemExit) as error:  # noqa: BLE001 — even SystemExit stays inside
            self.reports[plugin].fail(error)

    def _spelled(self, kind: str) -> dict[str, Any]:
        """Every card of a kind by each of its names, plainly written."""
        cards = self._shelves[kind].values()
        return {plain_name(name): card for card in cards for name in (card.name, *_aliases(card))}

    def _admit(self, name: str, load: Callable[[], object]) -> None:
        if name in self.reports:
            self.reports[name].fail(PluginConflict(f"two packages bring a plugin called {name!r}"))
            return
        self.reports[name] = PluginReport(name)
        brought: list[tuple[str, Any]] = []
        with self.guarded(name):
            plugin = load()
            self._manager.register(plugin, name)
            self._refuse_unknown_hooks(plugin)
            brought = [(kind, thing) for kind in KINDS for thing in self._ask(kind, name)]
        if self.reports[name].error and self._manager.has_plugin(name):
            self._manager.unregister(name=name)
        for kind, thing in brought:
            self._put(kind, thing, name)

    def _refuse_unknown_hooks(self, plugin: object) -> None:
        known = [name for name in vars(hookspecs) if name.startswith("diffsmith_")]
        for hook in self._manager.get_hookcallers(plugin) or ():
            if hook.name not in known:
                raise SpecError([unknown_name("hook", hook.name, known)])

    def _ask(self, kind: str, plugin: str) -> list[Any]:
        things = [thing for result in self._caller(f"diffsmith_{kind}", plugin)() for thing in result]
        wanted = object if kind == "modalities" else _CARDS.get(kind, Card)
        for thing in things:
            if not isinstance(thing, wanted) or not isinstance(getattr(thing, "name", None), str):
                raise TypeError(f"diffsmith_{kind} brought {thing!r}, expected a list of {wanted.__name__}s")
        return things

    def _caller(self, hook: str, plugin: str) -> Callable[..., Any]:
        """The hook, called on one plugin alone, so that a failure has a name."""
        others = [other for name, other in self._manager.list_name_plugin() if name != plugin]
        return self._manager.subset_hook_caller(hook, others)

    def _put(self, kind: str, thing: Any, plugin: str) -> None:
        first = self._owners.setdefault((kind, thing.name), plugin)
        if thing.name in self._shelves[kind]:
            conflict = PluginConflict(
                f"{KINDS[kind]} {thing.name!r} comes twice, from plugin {first!r} and from {plugin!r}: "
                f"uninstall one, or set DIFFSMITH_PLUGINS to the plugins you want"
            )
            self._conflicts[kind, thing.name] = conflict
            self.reports[plugin].fail(conflict)
            return
        self._shelves[kind][thing.name] = thing
        self.reports[plugin].brings.setdefault(kind, []).append(thing.name)


@cache
def default_registry() -> Registry:
    """The installed plugins; DIFFSMITH_PLUGINS=a,b narrows them (the core itself always loads)."""
    found = sorted(entry_points(group="diffsmith"), key=lambda point: (point.name != "builtin", point.name))
    known = [point.name for point in found]
    wanted = os.environ.get("DIFFSMITH_PLUGINS")
    chosen = known if wanted is None else ["builtin", *filter(None, re.split(r"[,\s]+", wanted))]
    points = [point for point in found if point.name in chosen]
    registry = Registry((point.name, point.load) for point in points)
    for point in points:
        registry.reports[point.name].package = _package(point)
    for name in chosen:
        if name not in known:
            error = unknown_name("DIFFSMITH_PLUGINS", name, known)
            registry.reports[name] = PluginReport(name, error=error)
    return registry


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else ""


def plain_name(name: str) -> str:
    """A name however it is written: "DPM++ 2M SDE", "sample_dpmpp_2m_sde" and "dpmpp-2m-sde" are one."""
    spelled = re.sub("[^a-z0-9]+", "_", name.casefold().replace("++", "pp")).strip("_")
    return re.sub("^(sample|k)_", "", spelled)


def _aliases(card: Any) -> tuple[str, ...]:
    return getattr(card, "aliases", ())
