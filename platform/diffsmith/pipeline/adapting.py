"""Adapters: small weights of others, put into a network's before it is filled."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import factory
from ..cards import AdapterCard, Card, ModelCard
from ..errors import FileFault, SpecError
from ..interop.choices import published_choice, whole_options
from ..interop.pipelines import opened
from ..registry import Registry
from ..specs import ModelSpec, PartSpec, parse
from ..weights.components import Component
from ..weights.mapped import Tensors
from ..weights.opening import open_tensors
from ..weights.single_files import reading_of
from ..weights.sources import ADAPTERS

__all__ = ["adapted", "with_adapter"]


def adapted(
    network: Component, adapters: tuple[PartSpec, ...], registry: Registry, folder: Path
) -> Component:
    """The network's tensors with those of the adapters in them, one after the other."""
    for number, choice in enumerate(adapters):
        where = f"adapters.{number}"
        if choice.weights is None:
            raise SpecError([f"{where}.weights: missing; name the adapter's folder, file or repository"])
        if not isinstance(network.tensors, Tensors):
            raise FileFault(network.where, "holds no tensors that an adapter can go into")
        change = registry.bind("adapters", choice, where)
        network = network._replace(tensors=change(network.tensors, _opened(choice.weights, registry, folder)))
    return network


def with_adapter(values: Mapping[str, Any], source: str | Path, registry: Registry) -> dict[str, Any]:
    """The values of a PipelineSpec with the adapter that lies there, and with the network that it makes."""
    found, part = _found(str(source), registry, Path())
    cards: list[AdapterCard] = registry.entries("adapters")
    card = next((card for card in cards if card.part == part), None)
    if card is None:
        raise SpecError([f"adapter: {source} holds a {part}, which no plugin knows"])
    there = Path(source).expanduser()
    own = {"name": card.name, "weights": str(there.absolute()) if there.exists() else str(source)}
    known = {**values, "adapters": [*values.get("adapters", ()), own]}
    return {**known, "model": _becomes(card, parse(ModelSpec, values["model"]), found, registry)}


def _becomes(card: AdapterCard, model: ModelSpec, adapter: Component, registry: Registry) -> dict[str, Any]:
    """The choice of the network with the adapter in it."""
    if not card.becomes:
        return model.to_dict()
    network = factory.card_of(model, registry)
    builders = (each for each in registry.entries("models") if each.ref == network.ref and not each.defaults)
    shape, classes = factory.shape_of(model, registry)
    options = whole_options(network, model.options)
    whole = {**options, "name": next(builders).name, "shape": shape, "classes": classes}
    became = Card("becomes", "", card.becomes).function(whole, adapter.config)
    told = _as_before(model, network, registry.get("models", became["name"]))
    return published_choice({**became, **told}, model.name, registry)


def _as_before(model: ModelSpec, network: ModelCard, then: ModelCard) -> dict[str, Any]:
    """What the choice tells that an adapter does not change, but for what the new network has by itself.

    The noise stays only where the kind of data does: clips are learnt from noise of their own.
    """
    stay = ["prediction", "boundary", *(["schedule"] if network.modality == then.modality else [])]
    written = model.to_dict()
    trained = {name: written.get(name) or getattr(network, name) for name in stay}
    told = {name: value for name, value in trained.items() if value != getattr(then, name)}
    return {**told, **{name: written[name] for name in ("weights", "fps") if name in written}}


def _opened(weights: str, registry: Registry, folder: Path) -> Component:
    return _found(weights, registry, folder)[0]


def _found(weights: str, registry: Registry, folder: Path) -> tuple[Component, str]:
    """The one part that lies there, and its name; of a file that nothing tells more about, its tensors."""
    there = folder / Path(weights).expanduser()
    if there.is_file() and not there.with_name("config.json").exists():
        return _known(there, registry) or (Component(there, {}, open_tensors(there)), ADAPTERS[-1])
    source = opened(str(there) if there.exists() else weights, registry, parts=ADAPTERS)
    for part in ADAPTERS:
        if source.class_of(part) and (found := source.component(part)):
            return found, part
    raise FileFault(source.where, f"holds no adapter, expected one of {', '.join(ADAPTERS)}")


def _known(file: Path, registry: Registry) -> tuple[Component, str] | None:
    """As a format that a plugin knows reads it."""
    formats = [card.function for card in registry.entries("single_files")]
    reading = reading_of(file, open_tensors(file), formats)
    part = next((part for part in ADAPTERS if part in reading.parts), None) if reading else None
    return (Component(file, *reading.parts[part]), part) if reading and part else None
