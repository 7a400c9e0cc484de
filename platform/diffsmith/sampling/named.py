"""Choices as a person writes them in Python: a name, or a dict of a name and options."""

from collections.abc import Mapping
from typing import Any

from ..errors import SpecError
from ..specs import Choice

__all__ = ["Named", "choice", "written"]

Named = str | Mapping[str, Any]


def written(named: Named) -> dict[str, Any]:
    """As a spec would hold it."""
    if isinstance(named, str):
        return {"name": named}
    if isinstance(named, Mapping):
        return dict(named)
    raise SpecError([f"expected a name, or a dict of a name and options, got {named!r}"])


def choice(named: Named) -> Choice:
    """As the registry takes it."""
    return Choice(**written(named))
