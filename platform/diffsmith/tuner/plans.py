"""From names to the spec of a sweep."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..errors import SpecError, unknown_name
from ..registry import Registry, plain_name
from ..specs import Choice, SweepSpec, parse
from .spaces.dimensions import merged
from .spaces.files import SpaceFile, faults_in, find_space, read_space, space_files

__all__ = ["COSTS", "metrics_of", "plan"]

COSTS = ("latency", "frame_latency", "memory")
"""What is measured beside the metrics: seconds for one sample alone, and of a clip for each of its frames;
peak MiB of sampling."""


def plan(
    target: str,
    registry: Registry,
    *,
    objectives: Sequence[str] | Mapping[str, str] | None = None,
    put: Mapping[str, Any] | None = None,
    data: str | None = None,
    **settings: Any,
) -> SweepSpec:
    """The spec of a sweep. target: a data set (its modality's space is searched), a space, or a space file.

    objectives: metrics, "latency" and "memory", the leading one first. put: {dotted.name: value} for the
    base spec. settings: SweepSpec's other fields; what is None is left to the defaults.
    """
    file = _space_file(target, data, registry)
    file = _with(file, put or {}, registry)
    asked = {name: value for name, value in settings.items() if value is not None}
    directed = _directed(objectives, bool(asked.get("constraints")), _modality(file.base, registry), registry)
    known = {"base": file.base, "space": file.space, "first": file.first, **file.settings}
    values = {**known, "objectives": directed, **asked}
    spec = parse(SweepSpec, values)
    _require_scores(spec, registry)
    return spec


_OF_CLIPS = "frame_latency"


def metrics_of(spec: SweepSpec, registry: Registry) -> tuple[str, ...]:
    """The metrics a sweep computes: its modality's own, and whatever its objectives and constraints name."""
    modality = registry.get("modalities", _modality(spec.base.to_dict(), registry))
    named = [name for name in (*spec.objectives, *spec.constraints) if name not in COSTS]
    return tuple(dict.fromkeys([*named, *modality.metrics]))


def _space_file(target: str, data: str | None, registry: Registry) -> SpaceFile:
    named = {plain_name(name): name for name in registry.names("datasets")}
    if (name := named.get(plain_name(target))) is not None:
        space = registry.get("datasets", name).modality
        return read_space(find_space(space, registry), registry, data or name)
    known = [*registry.names("datasets"), *space_files(registry)]
    if target not in known and not target.endswith((".yaml", ".yml")):
        raise SpecError([unknown_name("data set or space", target, known)])
    return read_space(find_space(target, registry), registry, data)


def _with(file: SpaceFile, put: Mapping[str, Any], registry: Registry) -> SpaceFile:
    changed = replace(file, base=merged(file.base, put))
    faults = faults_in(changed, registry) if put else []
    if faults:
        raise SpecError(faults)
    return changed


def _modality(base: Mapping[str, Any], registry: Registry) -> str:
    data = parse(Choice, base.get("data"), "data")
    modality: str = registry.get("datasets", data.name, "data.name").modality
    return modality


def _directed(
    objectives: Sequence[str] | Mapping[str, str] | None, constrained: bool, modality: str, registry: Registry
) -> dict[str, str]:
    """Each objective with its direction; by default quality, and its cost unless constraints bound costs."""
    if isinstance(objectives, Mapping):
        return dict(objectives)
    usual = registry.get("modalities", modality)
    names = [objectives] if isinstance(objectives, str) else objectives
    names = names or ([usual.metrics[0]] if constrained else [usual.metrics[0], usual.cost])
    return {name: "minimize" if name in COSTS else _direction(name, registry) for name in names}


def _direction(metric: str, registry: Registry) -> str:
    known = [*registry.names("metrics"), *COSTS]
    if metric not in known:
        raise SpecError([unknown_name("objectives", metric, known)])
    direction: str = registry.get("metrics", metric).direction
    return direction


def _require_scores(spec: SweepSpec, registry: Registry) -> None:
    usual = registry.get("modalities", _modality(spec.base.to_dict(), registry))
    costs = [name for name in COSTS if name != _OF_CLIPS or usual.cost == _OF_CLIPS]
    known = [*registry.names("metrics"), *costs]
    fields: dict[str, Iterable[str]] = {"objectives": spec.objectives, "constraints": spec.constraints}
    faults = [
        unknown_name(field, name, known)
        for field, names in fields.items()
        for name in names
        if name not in known
    ]
    if faults:
        raise SpecError(faults)
