"""What all specs are: frozen data, checked when they are made."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..errors import SpecError
from ..options import faults_of

__all__ = ["Choice", "PartSpec", "Positive", "Spec", "parse", "understood"]

Positive = Annotated[int, Field(ge=1)]


class Spec(BaseModel):
    """Frozen; unknown fields, NaN and infinity are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    def to_dict(self) -> dict[str, Any]:
        """What one would write: plain data, only what was set."""
        return self.model_dump(mode="json", exclude_unset=True)


class Choice(Spec):
    """A registered name and its options; a bare string is a name."""

    model_config = ConfigDict(extra="allow")

    name: str

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @property
    def options(self) -> dict[str, Any]:
        """Everything beyond the fields of this class: the function's own options."""
        return dict(self.model_extra or {})


class PartSpec(Choice):
    """What stands beside the network: an autoencoder, or what reads a prompt; with weights of its own or not.

    weights: a folder, a file or a Hub repository; where none is named, the pipeline's own are searched.
    """

    weights: str | None = None


S = TypeVar("S", bound=Spec)

_TRIES = 3


def parse(kind: type[S], values: Any, where: str = "") -> S:
    """Plain data as a spec of that kind; a SpecError lists every fault at once."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise SpecError(faults_of(error, kind, where)) from None


def understood(kind: type[S], values: Mapping[str, Any]) -> tuple[S | None, list[str]]:
    """The spec without the fields that are at fault, and the faults; None where too little is left."""
    left, faults = deepcopy(dict(values)), list[str]()
    for _ in range(_TRIES):
        try:
            return kind.model_validate(left), faults
        except ValidationError as error:
            faults = faults or faults_of(error, kind)
            for each in error.errors(include_url=False):
                _drop(left, each["loc"])
    return None, faults


def _drop(values: Any, path: tuple[int | str, ...]) -> None:
    """Take out the field a fault is about, or the nearest group around it that is written as one."""
    first, *rest = path
    if not isinstance(values, dict) or first not in values:
        return
    if rest and isinstance(values[first], dict) and rest[0] in values[first]:
        _drop(values[first], tuple(rest))
    else:
        del values[first]
