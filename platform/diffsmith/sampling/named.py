"""Choices as a person writes them in Python: a name, or a dict of a name and options."""

from collections.abc import Mapping
from typing import Any

from ..errors import SpecError
from ..specs import Choice, parse

__all__ = ["Named", "choice", "written"]

Named = str | Mapping[str, Any]


def written(named: Named, where: str) -> dict[str, Any]:
    """As a spec would hold it; a SpecError where it is neither a name nor a dict."""
    if isinstance(named, str):
        return {"name": named}
    if isinstance(named, Mapping):
        return dict(named)
    raise SpecError([f"{where}: expected a name, or a dict of a name and options, got {named!r}"])


def choice(named: Named, where: str) -> Choice:
    """As the registry takes it."""
    return parse(Choice, written(named, where), where)
