"""What the command line changes in a spec: `--set key.sub=value`."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from ..errors import SpecError
from ..specs import Choice, PipelineSpec

__all__ = ["Sets", "overridden", "put", "values_of"]

Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a field of the spec, such as train.lr=0.001."),
]


def overridden(spec: Mapping[str, Any], changes: Iterable[str]) -> dict[str, Any]:
    """The spec with every "key.sub=value" put in, one after the other; values are YAML."""
    changed = dict(spec)
    for change in changes:
        changed = put(changed, dict([_read(change)]))
    return changed


def put(spec: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The spec with every value put in at its dotted key; options of a thing no longer named are gone."""
    from ..tuner.spaces.dimensions import merged

    changed = dict(spec)
    for key, value in values.items():
        field, _, option = key.partition(".")
        try:
            changed = merged(_with_default(changed, field) if option else changed, {key: value})
        except (TypeError, ValueError):
            raise SpecError([f"{key}: {key.rpartition('.')[0]} is no group of fields"]) from None
    return changed


def values_of(changes: Iterable[str]) -> dict[str, Any]:
    """Every "key.sub=value" as dotted name and value."""
    return dict(_read(change) for change in changes)


def _with_default(spec: dict[str, Any], field: str) -> dict[str, Any]:
    """The spec with that field's default named, so that its options have something to belong to."""
    known = PipelineSpec.model_fields
    default = known[field].default if field in known and field not in spec else None
    return {**spec, field: default.to_dict()} if isinstance(default, Choice) else spec


def _read(change: str) -> tuple[str, Any]:
    import yaml

    key, equals, text = change.partition("=")
    if not equals or not all(key.split(".")):
        raise SpecError([f"--set: expected key.sub=value, got {change!r}"])
    try:
        return key, yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError):
        raise SpecError([f"--set {key}: the value cannot be read as YAML: {text!r}"]) from None
