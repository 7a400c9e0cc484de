"""Options in a person's words: what each may be."""

from collections.abc import Callable
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from ..options import options_model

__all__ = ["options_of"]

_WORDS = {
    "integer": "whole number",
    "boolean": "true or false",
    "string": "text",
    "array": "list",
    "null": "none",
}
_BOUNDS = {
    "minimum": ">=",
    "exclusiveMinimum": ">",
    "maximum": "<=",
    "exclusiveMaximum": "<",
    "multipleOf": "a multiple of",
    "minItems": "length >=",
}


def options_of(function: Callable[..., Any]) -> list[dict[str, Any]]:
    """Every option of a function: its name, what it may be, and its default ("required" without one)."""
    model = options_model(function)
    schema = model.model_json_schema(schema_generator=_Schema)
    return [
        {
            "name": name,
            "type": _said(schema["properties"][name]),
            "default": "required" if field.is_required() else field.default,
        }
        for name, field in model.model_fields.items()
    ]


class _Schema(GenerateJsonSchema):
    """JSON's word for every type that it has one for, and "anything" for the others."""

    ignored_warning_kinds = {"non-serializable-default", "skipped-choice"}  # noqa: RUF012 — pydantic's own

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> dict[str, Any]:
        return {}


def _said(schema: dict[str, Any]) -> str:
    match schema:
        case {"anyOf": list(kinds)}:
            return " or ".join(map(_said, kinds))
        case {"const": value}:
            return str(value)
        case {"enum": list(values)}:
            return f"one of {', '.join(map(str, values))}"
        case {"prefixItems": list(items)}:
            return f"[{', '.join(map(_said, items))}]"
        case {"type": "array", "items": dict(item)}:
            return f"list of {_said(item)}"
    bounds = [f"{words} {schema[key]}" for key, words in _BOUNDS.items() if key in schema]
    kind = str(schema.get("type", "anything"))
    return ", ".join([_WORDS.get(kind, kind), *bounds])
