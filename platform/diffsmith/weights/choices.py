"""Choices of a network and its options: made whole, and refused where a value is not possible."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import SpecError
from ..options import options_model

__all__ = ["complete", "refuse"]


def complete(builder: Callable[..., Any], choice: Mapping[str, Any]) -> dict[str, Any]:
    """A choice's options with the builder's defaults for those that are not given."""
    model = options_model(builder)
    given = {name: choice[name] for name in model.model_fields if name in choice}
    return model.model_validate(given).model_dump()


def refuse(where: str, values: Mapping[str, Any], possible: Mapping[str, Sequence[Any]]) -> None:
    """Raise a SpecError that names every value which is not possible."""
    wrong = {key: known for key, known in possible.items() if values[key] not in known}
    faults = [
        f"{where}: {key} {values[key]!r} cannot be; possible: {', '.join(map(repr, known))}"
        for key, known in wrong.items()
    ]
    if faults:
        raise SpecError(faults)
