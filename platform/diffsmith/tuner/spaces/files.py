"""Space files: YAML documents that say what a sweep varies, checked against what is registered."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from reprlib import repr
from typing import Any

from ... import factory
from ...documents import read_yaml
from ...errors import SpecError, unknown_name
from ...registry import Registry
from ...specs import TrainSpec, parse
from .dimensions import Choose, Dimension, Range, Space, dimensions, merged, numbers, space_of, suggest

__all__ = ["SpaceFile", "faults_in", "find_space", "read_space", "space_files"]

_SETTINGS = ("samples", "rungs")
_FIELDS = ("summary", "base", "space", "first", *_SETTINGS)
_PROBES = 64


@dataclass(frozen=True)
class SpaceFile:
    """A base spec, what varies around it, and configurations known to be good.

    settings: of the sweep, unless told otherwise: samples, rungs.
    """

    path: Path
    summary: str
    base: dict[str, Any]
    space: dict[str, Any]
    first: tuple[dict[str, Any], ...]
    settings: dict[str, Any] = field(default_factory=dict)


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
    faults = [unknown_name("space file", key, _FIELDS) for key in document if key not in _FIELDS]
    groups = {key: document[key] for key in ("base", "space") if isinstance(document.get(key), dict)}
    faults += [f"{key}: missing, or no fields with names" for key in ("base", "space") if key not in groups]
    first = numbers(document.get("first", []))
    if not isinstance(first, list) or not all(isinstance(each, dict) for each in first):
        faults.append("first: expected a list of {dotted.name: value}")
        first = []
    base = {**groups.get("base", {}), **({"data": data} if data else {})}
    settings = {key: document[key] for key in _SETTINGS if key in document}
    summary = str(document.get("summary", ""))
    file = SpaceFile(path, summary, base, groups.get("space", {}), tuple(first), settings)
    if "base" in groups:
        faults += faults_in(file, registry)
    else:
        faults += _readable(file.space)[1]
    if faults:
        raise SpecError(faults)
    return file


def faults_in(file: SpaceFile, registry: Registry) -> list[str]:
    """What is wrong with the base, with either end of any dimension, and with points drawn from inside."""
    space, faults = _readable(file.space)
    faults += [*_unlike(space), *_faults_of(file.base, {}, registry)]
    for number, params in enumerate(file.first):
        faults += [f"first[{number}]: {fault}" for fault in _faults_first(file, space, params, registry)]
    for seed, fixed in enumerate(_ends_of(space)):
        faults += _faults_of(file.base, suggest(_Ends(seed, fixed), space), registry)
    inside = (_faults_of(file.base, suggest(_Inside(seed), space), registry) for seed in range(_PROBES))
    return list(dict.fromkeys(faults)) or next(filter(None, inside), [])


def _readable(values: Mapping[str, Any]) -> tuple[Space, list[str]]:
    """The dimensions that can be read, and what is wrong with the others."""
    space: Space = {}
    faults: list[str] = []
    for name, value in values.items():
        try:
            space |= space_of({name: value})
        except SpecError as error:
            faults += error.faults
    return space, faults


def _unlike(space: Space) -> Iterator[str]:
    """The searcher keeps one set of values for a name: in every branch it must be the same."""
    first: dict[str, Dimension] = {}
    for _, name, dimension in dimensions(space):
        if first.setdefault(name, dimension) != dimension:
            yield f"space.{name}: stands in two branches with other values; give it the same ones"


def _faults_first(file: SpaceFile, space: Space, params: dict[str, Any], registry: Registry) -> Iterator[str]:
    known = {name: dimension for _, name, dimension in dimensions(space)}
    unknown = [name for name in params if name not in known]
    yield from (unknown_name("dimension", str(name), list(known)) for name in unknown)
    outside = [name for name in params if name in known and not _holds(known[name], params[name])]
    yield from (f"{name}: {repr(params[name])} is not in the space" for name in outside)
    if not unknown and not outside:
        yield from _faults_of(file.base, params, registry)


def _holds(dimension: Dimension, value: Any) -> bool:
    match dimension:
        case Range():
            number = isinstance(value, int if dimension.whole else int | float)
            return number and dimension.low <= value <= dimension.high
        case Choose():
            return isinstance(value, str) and value in dimension.choose
        case _:
            return value in dimension


def _faults_of(base: Mapping[str, Any], params: Mapping[str, Any], registry: Registry) -> list[str]:
    try:
        factory.check(parse(TrainSpec, merged(base, params)), registry)
    except SpecError as error:
        return list(error.faults)
    return []


def _ends_of(space: Space) -> Iterator[dict[str, Any]]:
    """Either end of every dimension, or all of its values, each with the choices under which it exists."""
    for chosen, name, dimension in dimensions(space):
        ends = dimension.choose if isinstance(dimension, Choose) else dimension
        for value in (ends.low, ends.top) if isinstance(ends, Range) else ends:
            yield {**chosen, name: value}


class _Inside:
    """Suggests at random, in the words of an Optuna trial."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 — probes, not secrets

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return self._random.choice(choices)

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        return self._random.randrange(low, high + 1, step)

    def suggest_float(self, name: str, low: float, high: float, *, step: float | None, log: bool) -> float:
        return self._random.uniform(low, high)


class _Ends:
    """Suggests what is fixed, and for the others either end: whatever is wrong there is said in one way."""

    def __init__(self, seed: int, fixed: Mapping[str, Any]) -> None:
        self._random, self._fixed = random.Random(seed), fixed  # noqa: S311 — probes, not secrets

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        fixed = self._fixed.get(name, self)
        return fixed if fixed in choices else self._random.choice(choices)

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        return int(self.suggest_categorical(name, (low, high)))

    def suggest_float(self, name: str, low: float, high: float, *, step: float | None, log: bool) -> float:
        return float(self.suggest_categorical(name, (low, high)))
