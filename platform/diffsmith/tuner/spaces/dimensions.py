"""Search spaces: what a sweep may vary, as dimensions named by dotted fields of the spec."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Protocol

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from ...errors import SpecError, unknown_name
from ...specs import Choice, ModelSpec, SchedulerSpec, SpacingSpec

__all__ = [
    "Choose",
    "Dimension",
    "Range",
    "Space",
    "Suggests",
    "dimensions",
    "every",
    "merged",
    "numbers",
    "space_of",
    "suggest",
]

_MOST = 1000
_LARGEST = 2**53  # beyond it a float skips whole numbers


class Suggests(Protocol):
    """What an Optuna trial does, as far as a space needs it."""

    def suggest_categorical(self, name: str, choices: list[Any]) -> Any:
        """One of the choices."""
        ...

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        """A whole number."""
        ...

    def suggest_float(self, name: str, low: float, high: float, *, step: float | None, log: bool) -> float:
        """A number."""
        ...


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        raise ValueError("expected a number")
    return value


def _scalar(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | str) else _number(value)


Number = Annotated[int | float, PlainValidator(_number)]
Scalar = Annotated[bool | int | float | str | None, PlainValidator(_scalar)]


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class Range(_Written):
    """Numbers from low to high, both included; whole numbers if both are."""

    low: Number
    high: Number
    step: Number | None = None
    log: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> "Range":
        if not self.low < self.high:
            raise ValueError(f"low ({self.low}) must be below high ({self.high})")
        if self.step is not None and self.step <= 0:
            raise ValueError(f"step ({self.step}) must be above 0")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("a log range needs low above 0 and no step")
        return self

    @property
    def continuous(self) -> bool:
        """Whether it has values without end."""
        return not self.whole and self.step is None

    @property
    def top(self) -> int | float:
        """The largest value that its steps reach."""
        if self.step is None:
            return self.high
        steps = math.floor((self.high - self.low) / self.step + 1e-8)
        return round(self.low + steps * self.step, 12)

    @property
    def whole(self) -> bool:
        """Whether its values are whole numbers."""
        return all(isinstance(each, int) for each in (self.low, self.high, self.step or 0))


class Choose(_Written):
    """One of several values, each with dimensions that exist only when it is chosen."""

    choose: Annotated[dict[str, "dict[str, Dimension] | None"], Field(min_length=1, max_length=_MOST)]


def _form(value: Any) -> str:
    """Which of its three forms a dimension is written in."""
    if isinstance(value, list):
        return "list"
    return (
        "choose"
        if isinstance(value, Choose) or (isinstance(value, Mapping) and "choose" in value)
        else "range"
    )


Dimension = Annotated[
    Annotated[list[Scalar], Field(min_length=1, max_length=_MOST), Tag("list")]
    | Annotated[Range, Tag("range")]
    | Annotated[Choose, Tag("choose")],
    Discriminator(_form),
]
"""A list of values, a range, or a choice with dimensions of its own."""

Space = dict[str, Dimension]

Choose.model_rebuild()
_SPACE: TypeAdapter[Space] = TypeAdapter(Space)


def space_of(values: Mapping[str, Any]) -> Space:
    """Plain data as a space; a SpecError lists every fault."""
    try:
        return _SPACE.validate_python(numbers(values))
    except ValidationError as error:
        raise SpecError(_faults(error)) from None


def suggest(trial: Suggests, space: Space) -> dict[str, Any]:
    """A value for every dimension that exists, by dotted name."""
    params: dict[str, Any] = {}
    for name, dimension in space.items():
        params[name] = _suggested(trial, name, dimension)
        if isinstance(dimension, Choose):
            params |= suggest(trial, dimension.choose[params[name]] or {})
    return params


def dimensions(
    space: Space, chosen: Mapping[str, str] | None = None
) -> Iterator[tuple[dict[str, str], str, Dimension]]:
    """Every dimension with the choices under which it exists: (choices, name, dimension)."""
    for name, dimension in space.items():
        yield dict(chosen or {}), name, dimension
        if isinstance(dimension, Choose):
            for value, inner in dimension.choose.items():
                yield from dimensions(inner or {}, {**(chosen or {}), name: value})


def every(space: Space) -> Iterator[dict[str, Any]]:
    """Every configuration, one after the other, but none in which a dimension is continuous."""
    if not space:
        yield {}
        return
    name = min(space, key=lambda each: _order(space[each]))
    dimension, others = space[name], {key: other for key, other in space.items() if key != name}
    for value in _values(dimension):
        inner = dimension.choose[value] or {} if isinstance(dimension, Choose) else {}
        yield from ({name: value, **params} for params in every({**inner, **others}))


def merged(base: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """The base spec with the parameters put in.

    Where a parameter names another thing than the base did, the base's options for the old one go.
    """
    spec = {key: dict(value) if isinstance(value, Mapping) else value for key, value in base.items()}
    for name, value in sorted(params.items(), key=lambda item: not item[0].endswith(".name")):
        place, last = _steps(spec, name)
        if last == "name" and place.get("name") is not None and place["name"] != value:
            kept = _own_fields(name)
            for option in [option for option in place if option not in kept]:
                del place[option]
        place[last] = value
    return spec


def _suggested(trial: Suggests, name: str, dimension: Dimension) -> Any:
    match dimension:
        case Choose():
            return trial.suggest_categorical(name, list(dimension.choose))
        case Range(whole=True):
            step = int(dimension.step or 1)
            return trial.suggest_int(
                name, int(dimension.low), int(dimension.top), step=step, log=dimension.log
            )
        case Range():
            return trial.suggest_float(
                name, dimension.low, dimension.top, step=dimension.step, log=dimension.log
            )
        case _:
            return trial.suggest_categorical(name, dimension)


def _order(dimension: Dimension) -> int:
    """What ends a walk early comes first: continuous dimensions, then those that bring others."""
    if isinstance(dimension, Range) and dimension.continuous:
        return 0
    return 1 if isinstance(dimension, Choose) else 2


def _values(dimension: Dimension) -> Iterable[Any]:
    """All that a dimension may be; nothing where that is without end."""
    match dimension:
        case Choose():
            return list(dimension.choose)
        case Range(whole=True):
            return range(int(dimension.low), int(dimension.high) + 1, int(dimension.step or 1))
        case Range():
            return _stepped(dimension.low, dimension.top, dimension.step)
        case _:
            return dimension


def _stepped(low: float, top: float, step: float | None) -> Iterator[float]:
    if step is not None:
        yield from (min(low + index * step, top) for index in range(round((top - low) / step) + 1))


def _steps(spec: dict[str, Any], dotted: str) -> tuple[dict[str, Any], str]:
    """The mapping a dotted name ends in (made on the way), and the name's last part."""
    *path, last = dotted.split(".")
    place = spec
    for part in path:
        inner = place.get(part, {})
        if not isinstance(inner, str | Mapping):
            raise SpecError([f"{dotted}: {'.'.join(path)} is no group of fields"])
        place[part] = {"name": inner} if isinstance(inner, str) else dict(inner)
        place = place[part]
    return place, last


_CHOICES: dict[str, type[Choice]] = {"model": ModelSpec, "scheduler": SchedulerSpec, "spacing": SpacingSpec}


def _own_fields(dotted: str) -> set[str]:
    """The fields that belong to the kind of thing, not to the thing named."""
    return set(_CHOICES.get(dotted.rpartition(".")[0], Choice).model_fields)


def numbers(values: Any) -> Any:
    """The same data with every text like 1e-3, which YAML takes for a word, as a number."""
    if isinstance(values, Mapping):
        return {key: numbers(value) for key, value in values.items()}
    if isinstance(values, list):
        return [numbers(value) for value in values]
    if isinstance(values, str):
        try:
            return float(values) if values.strip()[:1] in "+-.0123456789" and values.strip() else values
        except ValueError:
            return values
    return values


def _faults(error: ValidationError) -> list[str]:
    return [_fault(each) for each in error.errors(include_url=False, include_context=False)]


def _fault(each: Any) -> str:
    name = ".".join(str(part) for part in each["loc"] if part not in {"list", "range", "choose"})
    if each["type"] == "extra_forbidden":
        name, _, extra = name.rpartition(".")
        return unknown_name(f"space.{name}", extra, list(Range.model_fields))
    message = each["msg"].removeprefix("Value error, ")
    hint = "" if each["loc"][-1] != "range" else "; write a list of values, {low, high}, or {choose: ...}"
    return f"space.{name}: {message[:1].lower()}{message[1:]}{hint}"
