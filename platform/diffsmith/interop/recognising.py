"""What a published pipeline is: the PipelineSpec that it stands for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import SpecError
from ..registry import Registry, default_registry
from ..weights.layouts import Layout
from ..weights.sources import Source
from .choices import published_choice, without_defaults
from .pipelines import Family, layout_of, opened
from .scheduler_config import load_scheduler

__all__ = ["recognise"]

Values = dict[str, Any]


def recognise(
    source: str | Path | Source, registry: Registry | None = None, *, variant: str | None = None
) -> Values:
    """The values of a PipelineSpec, from model_index.json, config.json, or a single file's names and shapes.

    The model is a published one where its numbers are those of one, else its builder with options. What the
    files say is taken over: the autoencoder, the scheduler's configuration; and what the pipeline's class
    implies: what reads the prompts, guidance, steps; for a network alone, what it was published with. An
    autoencoder alone has no "model". Raises a SpecError for classes and settings that are not known here, and
    a FileFault for files.
    """
    registry = registry or default_registry()
    found = source if isinstance(source, Source) else opened(source, registry, variant=variant)
    family = _family(found, registry)
    model, scheduled = _model(found, family, registry), _scheduled(found)
    of_model, spacing = scheduled.pop("model", {}), scheduled.pop("spacing", {})
    values = {
        "model": {**model, **of_model} if model else None,
        "autoencoder": _autoencoder(found, family, model, registry),
        **scheduled,
        "spacing": {**spacing, **({"steps": family.steps} if family else {})} if spacing else None,
        **_implied(found, family),
        "weights": found.name,
        "variant": variant,
    }
    usual = registry.get("models", model["name"]).usual if model and not family else {}
    return {**usual, **{name: value for name, value in values.items() if value}}


def _family(found: Source, registry: Registry) -> Family | None:
    """What the pipeline's class implies; one part alone has no such class."""
    name = found.index.get("_class_name")
    if not name:
        return None
    where = f"{found.where}: its pipeline's class"
    family: Family = registry.get("pipelines", str(name), where).function
    return family


def _implied(found: Source, family: Family | None) -> Values:
    if family is None:
        return {}
    return {"conditioner": family.conditioner(found), "guidance": family.guidance(found)}


def _model(found: Source, family: Family | None, registry: Registry) -> Values:
    """The network, as a published row where it is one."""
    part = family.network if family else _network_of(found, registry)
    if part is None:
        return {}
    choice = dict(found.choices[part]) if part in found.choices else _options(found, part, registry)
    return published_choice(choice, found.name, registry)


def _network_of(found: Source, registry: Registry) -> str | None:
    """The part that is a network and no autoencoder, in a pipeline without a class."""
    if found.choices:
        return next(iter(found.choices))
    layouts = {part: layout_of(found.class_of(part), registry) for part in found.index}
    return next((part for part, layout in layouts.items() if layout and layout.kind == "models"), None)


def _autoencoder(
    found: Source, family: Family | None, model: Values, registry: Registry
) -> Mapping[str, Any] | None:
    """The one that lies there, as far as it is not the published model's; or what the class implies."""
    part = next((part for part in ("vae", "vqvae") if found.class_of(part)), None)
    if part is None:
        return family.autoencoder if family else None
    usual = registry.get("models", model["name"]).autoencoder if model else None
    return without_defaults(_options(found, part, registry), "autoencoders", usual, registry)


def _options(found: Source, part: str, registry: Registry) -> Values:
    """A part's settings in our terms."""
    where = f"{found.where}: the class of its {part}"
    layout: Layout = registry.get("layouts", found.class_of(part), where).function
    component = found.component(part)
    try:
        return layout.options(component.config if component else {})
    except SpecError as error:
        raise error.under(str(component.where if component else found.where)) from None


def _scheduled(found: Source) -> Values:
    part = found.component("scheduler")
    if part is None:
        return {}
    try:
        return load_scheduler(part.config)
    except SpecError as error:
        raise error.under(str(part.where)) from None
