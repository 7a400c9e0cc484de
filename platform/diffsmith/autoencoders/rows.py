"""A published configuration in our options, by a table of names."""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

from ..errors import SpecError

__all__ = ["Config", "Rows", "check", "completed", "others", "read", "written"]

Config = Mapping[str, Any]
Rows = Mapping[str, tuple[str, Any]]
"""Ours -> (theirs, what it is where their file does not say)."""


def read(config: Config, rows: Rows) -> dict[str, Any]:
    """Ours from theirs; null means what silence means."""
    told = {ours: config.get(theirs) for ours, (theirs, _) in rows.items()}
    return {ours: _tupled(rows[ours][1] if value is None else value) for ours, value in told.items()}


def written(options: Config, rows: Rows) -> dict[str, Any]:
    """Theirs from ours, as JSON writes it: no numbers are null."""
    plain = {theirs: options[ours] for ours, (theirs, _) in rows.items()}
    return {theirs: _listed(value) for theirs, value in plain.items()}


def completed(function: Callable[..., Any], choice: Config) -> dict[str, Any]:
    """The chosen options, and the function's own values for the others."""
    defaults = {name: parameter.default for name, parameter in signature(function).parameters.items()}
    return {**defaults, **{name: _tupled(value) for name, value in choice.items()}}


def others(config: Config, only: Config) -> list[str]:
    """Their keys with a value that nothing here can do."""
    return [
        f"{key}: {config[key]!r} is not possible here, only {value!r} is"
        for key, value in only.items()
        if config.get(key, value) != value
    ]


def check(name: str, faults: list[str]) -> None:
    """Raise all faults at once, each led by the class it is about."""
    if faults:
        raise SpecError([f"{name}.{fault}" for fault in faults])


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _listed(value: Any) -> Any:
    return (list(value) or None) if isinstance(value, tuple) else value
