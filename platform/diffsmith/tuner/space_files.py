"""Space files: YAML documents that say what a sweep varies, checked against what is registered."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import factory
from ..documents import read_yaml
from ..errors import SpecError, unknown_name
from ..registry import Registry
from ..specs import TrainSpec, parse
from .space import Choose, Dimension, Range, Space, dimensions, merged, space_of, suggest

__all__ = ["SpaceFile", "find_space", "read_space", "space_files"]

_FIELDS = ("summary", "base", "space", "first")
_PROBES = 64


@dataclass(frozen=True)
class SpaceFile:
    """A base spec, what varies around it, and configurations known to be good."""

    path: Path
    summary: str
    base: dict[str, Any]
    space: dict[str, Any]
    first: tuple[dict[str, Any], ...]


def space_files(registry: Registry) -> dict[str, Path]:
    """Every space file that plugins bring, by its name without the ending."""
    folders = registry.collect("diffsmith_search_spaces")
    return {path.stem: path for folder in folders for path in sorted(Path(folder).glob("*.yaml"))}


def find_space(name: str, registry: Registry) -> Path:
    """The space file of that name or path; a SpecError names the nearest."""
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    known = space_files(registry)
    if name not in known:
        raise SpecError([unknown_name("space", name, list(known))])
    return known[name]


def read_space(path: Path, registry: Registry, data: str | None = None) -> SpaceFile:
    """Read and check a space file; every fault in it is told at once.

    data: the data set to train on instead of the file's own.
    """
    document = read_yaml(path)
    try:
        return _checked(path, document, registry, data)
    except SpecError as error:
        raise error.under(str(path)) from None


def _checked(path: Path, document: Mapping[str, Any], registry: Registry, data: str | None) -> SpaceFile:
    unknown = [unknown_name("space file", key, _FIELDS) for key in document if key not in _FIELDS]
    missing = [f"{key}: missing" for key in ("base", "space") if not isinstance(document.get(key), dict)]
    first = document.get("first", [])
    if not isinstance(first, list) or not all(isinstance(each, dict) for each in first):
        missing.append("first: expected a list of {dotted.name: value}")
    if unknown or missing:
        raise SpecError([*unknown, *missing])
    base = {**document["base"], **({"data": data} if data else {})}
    file = SpaceFile(path, str(document.get("summary", "")), base, document["space"], tuple(first))
    faults = list(dict.fromkeys(_faults(file, registry)))  # probes meet the same fault many times
    if faults:
        raise SpecError(faults)
    return file


def _faults(file: SpaceFile, registry: Registry) -> Iterator[str]:
    """What is wrong with the base, with either end of any dimension, and with points drawn from inside."""
    base_faults = list(_faults_of(file.base, {}, registry))
    yield from base_faults
    if base_faults:
        return
    space = space_of(file.space)
    yield from _unlike(space)
    for chosen, name, dimension in dimensions(space):
        for value in _ends(dimension):
            yield from _faults_of(file.base, {**chosen, name: value}, registry)
    for number, params in enumerate(file.first):
        yield from (f"first[{number}]: {fault}" for fault in _faults_first(file, space, params, registry))
    for seed in range(_PROBES):
        yield from _faults_of(file.base, suggest(_Draw(seed), space), registry)


def _unlike(space: Space) -> Iterator[str]:
    """The searcher keeps one set of values for a name: in every branch it must be the same."""
    first: dict[str, Dimension] = {}
    for _, name, dimension in dimensions(space):
        if first.setdefault(name, dimension) != dimension:
            yield f"space.{name}: stands in two branches with other values; give it the same ones"


def _faults_first(file: SpaceFile, space: Space, params: dict[str, Any], registry: Registry) -> Iterator[str]:
    known = {name for _, name, _ in dimensions(space)}
    yield from (unknown_name("dimension", name, sorted(known)) for name in params if name not in known)
    yield from _faults_of(file.base, params, registry)


def _faults_of(base: Mapping[str, Any], params: Mapping[str, Any], registry: Registry) -> list[str]:
    try:
        factory.check(parse(TrainSpec, merged(base, params)), registry)
    except SpecError as error:
        return list(error.faults)
    return []


def _ends(dimension: Dimension) -> list[Any]:
    match dimension:
        case Range():
            return [dimension.low, dimension.high]
        case Choose():
            return list(dimension.choose)
        case _:
            return list(dimension)


class _Draw:
    """Suggests at random, in the words of an Optuna trial."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 — probes, not secrets

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return self._random.choice(choices)

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        return self._random.randrange(low, high + 1, step)

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        return self._random.uniform(low, high)
