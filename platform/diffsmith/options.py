"""A function's keyword-only parameters as options: listed, checked, and told about."""

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from reprlib import repr
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from .errors import DiffsmithError, SpecError, unknown_name

__all__ = ["checked_options", "faults_of", "options_model"]


@lru_cache(maxsize=512)
def options_model(function: Callable[..., Any]) -> type[BaseModel]:
    """A pydantic model whose fields are the function's keyword-only parameters."""
    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise DiffsmithError(f"{function.__qualname__}: its annotations cannot be read: {error}") from error
    fields: dict[str, Any] = {
        name: (hints.get(name, Any), ... if parameter.default is parameter.empty else parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    return create_model(f"{function.__name__}_options", __config__=config, **fields)


def checked_options(function: Callable[..., Any], options: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The options as the function's own types, those given only; a SpecError lists every fault."""
    model = options_model(function)
    try:
        checked = model.model_validate(dict(options))
    except ValidationError as error:
        raise SpecError(faults_of(error, model, where)) from None
    return {name: getattr(checked, name) for name in options}


def faults_of(error: ValidationError, model: type[BaseModel], where: str = "") -> list[str]:
    """One sentence for each fault pydantic found, in the user's words, with the near miss."""
    return [_fault(each, model, where) for each in error.errors(include_url=False, include_context=False)]


def _fault(each: Any, model: type[BaseModel], where: str) -> str:
    parts = [*filter(None, [where]), *map(str, each["loc"])]
    if each["type"] == "extra_forbidden":
        return unknown_name(".".join(parts[:-1]) or "spec", parts[-1], _fields_at(model, each["loc"][:-1]))
    message = each["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    given = each.get("input")
    shown = f", got {repr(given)}" if each["type"] != "missing" and not isinstance(given, dict) else ""
    return f"{'.'.join(parts)}: {message[:1].lower()}{message[1:]}{shown}".removeprefix(": ")


def _fields_at(model: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    """The field names one may write at a place inside nested models."""
    for part in path:
        inner = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)
