"""Everything that has a name: what `list` prints, `show` explains and <TAB> completes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DiffsmithError, SpecError, nearest, unknown_name
from ..registry import KINDS, Registry, default_registry, plain_name

__all__ = ["LISTED", "Thing", "complete_kind", "completing", "require_kind", "things", "things_named"]

LISTED = (*KINDS, "spaces")
"""The kinds of named things, as one types them."""


@dataclass(frozen=True)
class Thing:
    """A named thing. `entry` is its card, its modality, or the path of its file."""

    kind: str
    name: str
    summary: str
    plugin: str
    entry: Any

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names it goes by."""
        return getattr(self.entry, "aliases", ())

    def answers_to(self, name: str) -> bool:
        """Whether that is its name, or another one it goes by, however it is written."""
        return plain_name(name) in map(plain_name, (self.name, *self.aliases))


def things(kind: str, registry: Registry) -> list[Thing]:
    """All of a kind, in the order of their names; imports none of them."""
    if kind == "spaces":
        return sorted(_spaces(registry), key=lambda space: space.name)
    return [
        Thing(kind, entry.name, entry.summary, registry.owner(kind, entry.name), entry)
        for entry in registry.entries(kind)
    ]


def things_named(name: str, registry: Registry, kind: str | None = None) -> list[Thing]:
    """All that answer to a name, of whatever kind; a SpecError names the nearest."""
    kinds = (require_kind(kind),) if kind else LISTED
    everything = [thing for kind in kinds for thing in things(kind, registry)]
    found = [thing for thing in everything if thing.answers_to(name)] or _both(name, everything, registry)
    if not found:
        guess = nearest(name, [each for thing in everything for each in (thing.name, *thing.aliases)])
        hint = f" — did you mean {guess!r}?" if guess else "."
        raise SpecError([f"nothing is called {name!r}{hint} `diffsmith list` shows all names"])
    return found


def _both(name: str, everything: list[Thing], registry: Registry) -> list[Thing]:
    """The scheduler and the spacing that a name like "dpm++ 2m karras" means."""
    try:
        card, spacing = registry.scheduler(name)
    except DiffsmithError:
        return []
    meant = {("schedulers", card.name), ("spacings", spacing)}
    return [thing for thing in everything if (thing.kind, thing.name) in meant]


def require_kind(kind: str) -> str:
    """The kind, if there is one of that name."""
    if kind not in LISTED:
        raise SpecError([unknown_name("kind", kind, LISTED)])
    return kind


def complete_kind(incomplete: str) -> list[str]:
    """What <TAB> offers where a kind is wanted."""
    return [kind for kind in LISTED if kind.startswith(incomplete)]


def completing(*kinds: str) -> Callable[[str], list[str]]:
    """What <TAB> offers where a name of those kinds is wanted."""

    def complete(incomplete: str) -> list[str]:
        registry = default_registry()
        names = {thing.name for kind in kinds for thing in things(kind, registry)}
        return sorted(name for name in names if name.startswith(incomplete))

    return complete


def _spaces(registry: Registry) -> Iterator[Thing]:
    for plugin, folders_of in registry.implementing("diffsmith_search_spaces"):
        with registry.guarded(plugin):
            folders = [Path(folder) for result in folders_of() for folder in result]
            for path in (path for folder in folders for path in folder.glob("*.yaml")):
                yield Thing("spaces", path.stem, _summary(path), plugin, path)


def _summary(path: Path) -> str:
    from ..documents import read_yaml

    try:
        return str(read_yaml(path).get("summary", ""))
    except (DiffsmithError, OSError) as error:
        return f"cannot be read: {error}"
