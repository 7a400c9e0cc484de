"""Published pipelines: what their class implies, and their parts under the names that we know."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from torch import Tensor

from ..registry import Registry
from ..weights.components import Component
from ..weights.layouts import Layout
from ..weights.mapped import Tensors
from ..weights.sources import PARTS, Source, open_source

__all__ = ["Family", "opened"]

Choice = dict[str, Any]
Pieces = Mapping[str, tuple[Mapping[str, Any], Mapping[str, Tensor]]]


@dataclass(frozen=True)
class Family:
    """What a published class of pipelines implies beyond the settings of its parts.

    network: the part that answers. steps: how many it takes unless told. guidance: how it is guided unless
    told. conditioner: what reads its prompts, None where nothing does, or nothing that lies there.
    autoencoder: where it has none of its own. index: lines of model_index.json that other programs want to
    see beside the parts. pieces: of the network's config.json and tensors, those that its folder holds a
    second time as parts of their own, each with a config.json.
    """

    network: str
    steps: int
    guidance: Callable[[Source], Choice]
    conditioner: Callable[[Source], Choice | None] = lambda source: None
    autoencoder: Mapping[str, Any] | None = None
    index: Mapping[str, Any] = field(default_factory=dict)
    pieces: Callable[[Mapping[str, Any], Mapping[str, Tensor]], Pieces] = lambda config, tensors: {}


def opened(
    source: str | Path,
    registry: Registry,
    *,
    variant: str | None = None,
    parts: Collection[str] = PARTS,
) -> Source:
    """The published pipeline at a folder, a file or a Hub repository; its tensors have their newest names.

    Single files are those that a plugin knows. "vae" is the autoencoder whatever the pipeline calls it.
    parts: those that are fetched from the Hub, for whoever wants one alone. Raises a FileFault for what is
    not there, is damaged, or is nothing of the kind.
    """
    formats = [card.function for card in registry.entries("single_files")]
    found = open_source(source, variant=variant, parts=parts, formats=formats)

    @cache
    def component(part: str) -> Component | None:
        part = _AUTOENCODER if part == "vae" and not found.class_of("vae") else part
        kept = found.component(part)
        layout = layout_of(found.class_of(part), registry)
        return kept if kept is None or layout is None else _newly_named(kept, layout)

    return replace(found, component=component)


_AUTOENCODER = "vqvae"


def layout_of(class_name: str, registry: Registry) -> Layout | None:
    """How a published class of networks is configured, or None where it is not known."""
    known = class_name in registry.names("layouts")
    return registry.get("layouts", class_name).function if known else None


def _newly_named(part: Component, layout: Layout) -> Component:
    """Its tensors by the newest of the names that the class ever had."""
    if not layout.renames or not isinstance(part.tensors, Tensors):
        return part
    names = {_renamed(name, layout): name for name in part.tensors}
    return part._replace(tensors=part.tensors.renamed(names))


def _renamed(name: str, layout: Layout) -> str:
    for old, new in layout.renames:
        name = re.sub(old, new, name)
    return name
