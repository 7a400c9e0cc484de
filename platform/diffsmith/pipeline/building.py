"""From a spec, or from what was published, to a pipeline."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from .. import factory
from ..documents import read_yaml
from ..engine import prepared
from ..errors import SpecError
from ..registry import Registry, default_registry
from ..specs import ModelSpec, PipelineSpec, parse
from ..weights.blank import blank
from ..weights.networks import assign
from ..weights.published import Source
from .alive import Pipeline
from .extent import Extent
from .parts import Parts

__all__ = [
    "SPEC_FILE",
    "assemble",
    "bare_extent",
    "build",
    "load",
    "located",
    "new_network",
    "refining",
    "spec_file",
    "written",
]

SPEC_FILE = "pipeline.yaml"


def load(source: str | Path, registry: Registry | None = None, **changes: Any) -> Pipeline:
    """The pipeline of a spec file, a folder, a file, a Hub repository, or a published model's name.

    What it is is told by `pipeline.yaml`, `model_index.json` or `config.json`, or by a single file's names
    and shapes; `changes` are fields of the spec to set, such as scheduler="ddim"; a refiner may be given by
    its source.
    """
    registry = registry or default_registry()
    values, folder, found = _read(source, registry, changes.get("variant"))
    where = str(spec_file(source) or source)
    if isinstance(changes.get("refiner"), str | Path):
        changes["refiner"] = refining(changes["refiner"], registry)
    spec = factory.checked(PipelineSpec, {**values, **changes}, registry, where)
    return _built(spec, registry, folder, None if "weights" in changes else found)


def written(
    source: str | Path, registry: Registry, variant: str | None = None
) -> tuple[dict[str, Any], Path]:
    """(the values of a PipelineSpec, the folder its weights are relative to) that the source stands for."""
    values, folder, _ = _read(source, registry, variant)
    return values, folder


def _read(
    source: str | Path, registry: Registry, variant: str | None
) -> tuple[dict[str, Any], Path, Source | None]:
    """What `written` gives, and what was published there, opened, where it says itself what it is."""
    from ..interop.pipelines import opened
    from ..interop.recognising import recognise

    if file := spec_file(source):
        return read_yaml(file), file.parent, None
    path = Path(source).expanduser()
    if not path.exists() and path.name == str(source) and path.suffix.lower() not in _WEIGHTS_FILES:
        where = f"there is no file or folder {str(source)!r}; model.name"
        card = registry.get("models", str(source), where)
        weights = {"weights": card.weights} if card.weights else {}
        return {"model": card.name, **weights, **card.usual}, Path(), None
    place = path.absolute() if path.exists() else source  # it is read on when this process may be elsewhere
    found = opened(str(place), registry, variant=variant)
    return recognise(found, registry, variant=variant), Path(), found


def refining(source: str | Path, registry: Registry) -> dict[str, Any]:
    """The values of a RefinerSpec that the source stands for: how it walks and runs is left to the first."""
    values, folder = written(source, registry)
    own = {name: value for name, value in values.items() if name not in factory.SHARED}
    return located(own, folder.absolute())


def spec_file(source: str | Path) -> Path | None:
    """The YAML file that the source names, or that lies in the folder it names; None for anything else."""
    path = Path(source).expanduser()
    file = path / SPEC_FILE if path.is_dir() else path
    is_spec = file.suffix in (".yaml", ".yml") and (file.is_file() or not path.is_dir())
    return file if is_spec else None


_WEIGHTS_FILES = {".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".onnx", ".json"}
"""Endings by which a name that is no file's was meant for one."""


def located(values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The values of a spec with every path of weights whole; a name on the Hub stays what it is."""
    found = dict(values)
    for name, value in values.items():
        if isinstance(value, dict):
            found[name] = located(value, folder)
        elif isinstance(value, list | tuple):
            found[name] = [located(each, folder) if isinstance(each, dict) else each for each in value]
        elif name == "weights" and isinstance(value, str):
            there, is_file = folder / Path(value).expanduser(), Path(value).suffix.lower() in _WEIGHTS_FILES
            found[name] = str(there.resolve()) if there.exists() or (is_file and "/" not in value) else value
    return found


def build(spec: PipelineSpec, registry: Registry | None = None, folder: Path | None = None) -> Pipeline:
    """The pipeline of a spec with its weights, whose path is relative to `folder`.

    Its own spec names them wholly: by their absolute path, or on the Hub at the commit that was read.
    """
    registry = registry or default_registry()
    factory.check(spec, registry)
    return _built(spec, registry, folder or Path())


def _built(spec: PipelineSpec, registry: Registry, folder: Path, found: Source | None = None) -> Pipeline:
    """Of a spec that was checked; `found` are its weights, where they are open already."""
    if spec.weights is None and spec.model.weights is None:
        raise SpecError([f"weights: missing. {_how_to_get(spec.model, registry)}"])
    whole = parse(type(spec), located(spec.to_dict(), folder.absolute()))
    parts = Parts(whole, registry, Path(), found)
    with blank():
        network = new_network(spec.model, registry)
    weights = parts.network
    assign(network, weights.tensors, weights.where)
    pinned = whole.model_copy(update={"weights": parts.name}) if parts.name else whole
    return assemble(pinned, network, registry, parts.beside())


def _how_to_get(model: ModelSpec, registry: Registry) -> str:
    card = factory.card_of(model, registry)
    if card.weights:
        return f"{card.name} is published as {card.weights!r}: name that, or a folder or file that holds it"
    if card.shape:
        return f"Name the file of {card.name}, which is not on the Hub ({card.source})"
    return f"Name a file, or train: `diffsmith train {card.name}`"


def assemble(
    spec: PipelineSpec, network: nn.Module, registry: Registry, beside: Mapping[str, Any] | None = None
) -> Pipeline:
    """A pipeline around a network that is already there; `beside` are fields of a Pipeline."""
    card = factory.card_of(spec.model, registry)
    network = prepared(network, factory.engine_settings(spec, registry))
    return Pipeline(
        spec,
        network,
        registry.get("modalities", card.modality),
        registry,
        factory.schedule(spec.model, registry),
        factory.prediction(spec.model, registry),
        factory.log_snrs(spec, registry),
        *factory.shape_of(spec.model, registry),
        **(beside or {}),
    )


def new_network(model: ModelSpec, registry: Registry) -> nn.Module:
    """A network of that spec with fresh weights."""
    shape, classes = factory.shape_of(model, registry)
    try:
        network: nn.Module = factory.network_builder(model, registry)(shape, classes)
    except ValueError as error:
        raise SpecError([f"model: {error}"]) from None
    return network


def bare_extent(spec: PipelineSpec, registry: Registry) -> Extent:
    """What sizes a pipeline of that spec makes, told without its weights."""
    choice = factory.autoencoder_of(spec, registry)
    with blank():
        network = new_network(spec.model, registry)
        autoencoder = None if choice is None else registry.bind("autoencoders", choice, "autoencoder")()
    shape, _ = factory.shape_of(spec.model, registry)
    return Extent(spec.model.name, shape, network, autoencoder, spec.context)
