"""A pipeline as a folder: in diffusers' layout, so that other programs open it, and with our spec beside."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from .. import factory
from ..documents import write_yaml
from ..errors import FileFault, SpecError
from ..interop.saving import save_pipeline_folder
from ..interop.scheduler_writing import scheduler_config
from ..specs import PipelineSpec
from ..weights.networks import assign
from ..weights.published import Source
from ..weights.tensors import save_tensors
from .building import SPEC_FILE

if TYPE_CHECKING:
    from .alive import Pipeline

__all__ = ["save"]

_OWN = "weights.safetensors"


def save(pipeline: "Pipeline", folder: Path) -> Path:
    """Write the pipeline; a SpecError says what has no place in diffusers' layout.

    A network of a class that nobody published is written as our own folder: its spec, and its weights.
    """
    if pipeline.spec.engine.quantize:
        raise SpecError(["engine.quantize: weights of 8 bits are not saved; load it without, then save"])
    source = _source(pipeline)
    if pipeline.parts is None or source is None or "_class_name" not in source.index:
        save_tensors(folder / _OWN, pipeline.network.state_dict())
        write_yaml(folder / SPEC_FILE, {**pipeline.spec.to_dict(), "weights": _OWN})
        return folder
    save_pipeline_folder(
        folder,
        str(source.index["_class_name"]),
        {pipeline.parts.part: (pipeline.network, _whole(pipeline)), **_autoencoder(pipeline)},
        _scheduler(pipeline, source),
        encoders=pipeline.conditioners,
        tokenizers=_tokenizers(pipeline, source),
        index=source.index,
        registry=pipeline.registry,
    )
    refiner = None if pipeline.refiner is None else save(pipeline.refiner, folder / "refiner")
    write_yaml(folder / SPEC_FILE, _beside(pipeline.spec, refiner))
    return folder


def _source(pipeline: "Pipeline") -> Source | None:
    """What was published, if the pipeline came from that and not from a file of ours."""
    try:
        return pipeline.parts.source if pipeline.parts and pipeline.spec.weights else None
    except FileFault:
        return None


def _whole(pipeline: "Pipeline") -> dict[str, Any]:
    """The network's choice, with its shape and classes."""
    return {**pipeline.spec.model.to_dict(), "shape": pipeline.shape, "classes": pipeline.classes}


def _autoencoder(pipeline: "Pipeline") -> dict[str, tuple[nn.Module, Mapping[str, Any]]]:
    """As it was published: the one that runs may have been fitted to a number format."""
    choice = factory.autoencoder_of(pipeline.spec, pipeline.registry)
    found = pipeline.parts and pipeline.parts.autoencoder_weights
    if choice is None or not found:
        return {}
    with torch.device("meta"):
        network: nn.Module = pipeline.registry.bind("autoencoders", choice, "autoencoder")()
    assign(network, found.tensors, found.where)
    return {"vae": (network, {name: value for name, value in choice.to_dict().items() if name != "weights"})}


def _scheduler(pipeline: "Pipeline", source: Source) -> dict[str, Any]:
    original = source.component("scheduler")
    return scheduler_config(
        pipeline.spec, pipeline.registry, original=None if original is None else original.config
    )


def _tokenizers(pipeline: "Pipeline", source: Source) -> dict[str, Path]:
    """The folders that the encoders' tokenizers lie in."""
    readers = [name for name in pipeline.conditioners if name.startswith("text_encoder")]
    names = {name: name.replace("text_encoder", "tokenizer") for name in readers}
    found = {tokenizer: source.component(tokenizer) for tokenizer in names.values()}
    return {name: part.folder for name, part in found.items() if part is not None and part.folder is not None}


def _beside(spec: PipelineSpec, refiner: Path | None) -> dict[str, Any]:
    """Our own spec of the same folder: every part lies in it now, the preview's where it was."""
    values = _together(spec.to_dict(), ".")
    if refiner is not None:
        values["refiner"] = _together(values["refiner"], refiner.name)
    return values


def _together(values: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """A spec whose parts all lie in one folder, where adapters are in the network's weights already."""
    found = {name: value for name, value in values.items() if name not in ("variant", "adapters")}
    for name in ("model", "autoencoder", "conditioner"):
        if isinstance(found.get(name), dict):
            found[name] = {key: value for key, value in found[name].items() if key != "weights"}
    return {**found, "weights": folder}
