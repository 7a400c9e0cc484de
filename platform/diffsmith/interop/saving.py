"""A pipeline as the folder that diffusers would write, so that other programs open it."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from torch import Tensor, nn

from ..conditioning.clip_vision import MEAN, STD
from ..conditioning.encoders import published_names
from ..errors import FileFault
from ..files import replacing
from ..registry import Registry, default_registry
from ..weights.file_names import TOKENIZER_FILES
from ..weights.folders import read_config
from ..weights.shard_writing import SHARD, save_shards
from .configs import published_config
from .pipelines import Family

__all__ = ["save_pipeline_folder"]

Network = tuple[nn.Module, Mapping[str, Any]]
Values = dict[str, Any]

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_AUTOENCODERS = {"vae", "vqvae"}
VERSION = "0.42.1"
"""Of diffusers, whose configurations these are."""


def save_pipeline_folder(  # noqa: PLR0913 — each is a part of the folder
    folder: Path,
    class_name: str,
    networks: Mapping[str, Network],
    scheduler: Mapping[str, Any],
    *,
    encoders: Mapping[str, nn.Module] = _NOTHING,
    tokenizers: Mapping[str, Path] = _NOTHING,
    index: Mapping[str, Any] = _NOTHING,
    registry: Registry | None = None,
    shard: int = SHARD,
) -> Path:
    """Write a pipeline in diffusers' layout, whole or not at all; a pipeline that stands there is replaced.

    class_name: of the pipeline, such as StableDiffusionPipeline. networks: part, such as "unet" or "vae" ->
    (the module, the choice that it was built from, with its shape and classes). scheduler: the content of its
    scheduler_config.json. encoders: part -> an encoder of transformers. tokenizers: part -> the folder
    that its files lie in. index: more lines of model_index.json, as the pipeline came with. shard: bytes of a
    weights file, before there are more. Raises a SpecError for what has no published class, and a FileFault
    for a folder that holds something else.
    """
    registry = registry or default_registry()
    family: Family = registry.get("pipelines", class_name, "class_name").function
    configs = {part: _config(part, choice, registry) for part, (_, choice) in networks.items()}
    _refuse_other_things(folder)
    with replacing(folder) as beside:
        told: Values = {part: ["diffusers", config["_class_name"]] for part, config in configs.items()}
        for part, (network, _) in networks.items():
            _write(beside / part / "config.json", _versioned(configs[part]))
            tensors = dict(network.state_dict())
            _save(beside / part / _NETWORK, tensors, shard)
            pieces = family.pieces(configs[part], tensors) if part == family.network else {}
            for piece, (config, own) in pieces.items():
                told[piece] = ["diffusers", config["_class_name"]]
                _write(beside / piece / "config.json", _versioned(config))
                _save(beside / piece / _NETWORK, own, shard)
        for part, encoder in encoders.items():
            told[part] = ["transformers", _save_encoder(beside / part, encoder, shard)]
            if part == "image_encoder":
                told["feature_extractor"] = [
                    "transformers",
                    _save_eyes(beside / "feature_extractor", encoder),
                ]
        for part, source in tokenizers.items():
            told[part] = ["transformers", _copy_tokenizer(beside / part, source, index.get(part))]
        _write(beside / "scheduler" / "scheduler_config.json", _versioned(scheduler))
        told["scheduler"] = ["diffusers", scheduler["_class_name"]]
        lines = {key: value for key, value in index.items() if not isinstance(value, list)}
        _write(
            beside / "model_index.json",
            _versioned({**family.index, **lines, "_class_name": class_name, **told}),
        )
    return folder


_NETWORK, _ENCODER = "diffusion_pytorch_model.safetensors", "model.safetensors"


def _config(part: str, choice: Mapping[str, Any], registry: Registry) -> Values:
    return published_config(choice, "autoencoders" if part in _AUTOENCODERS else "models", registry)


def _refuse_other_things(folder: Path) -> None:
    """A folder is replaced as a whole, so it must be one that was written like this, or empty."""
    if folder.exists() and not (folder / "model_index.json").exists() and any(folder.iterdir()):
        raise FileFault(folder, "is there already and holds no pipeline; name a new folder")


def _save(path: Path, tensors: Mapping[str, Tensor], shard: int) -> None:
    save_shards(path, tensors, shard=shard, metadata={"format": "pt"})


def _save_encoder(folder: Path, encoder: nn.Module, shard: int) -> str:
    """Its settings and tensors; the name of its class."""
    name, settings = type(encoder).__name__, encoder.config.to_diff_dict()  # type: ignore[operator, union-attr]
    _write(folder / "config.json", {**settings, "architectures": [name]})
    _save(folder / _ENCODER, published_names(encoder), shard)
    return name


def _save_eyes(folder: Path, encoder: nn.Module) -> str:
    """How pictures are made ready for CLIP, as its own program writes it down; the name of its class."""
    side: int = encoder.config.image_size  # type: ignore[union-attr, assignment]
    size = {"crop_size": {"height": side, "width": side}, "size": {"shortest_edge": side}}
    _write(folder / "preprocessor_config.json", {"image_processor_type": _EYES, **size, **_NORMALISING})
    return _EYES


_EYES = "CLIPImageProcessor"
_NORMALISING = {"do_normalize": True, "image_mean": list(MEAN), "image_std": list(STD)}


def _copy_tokenizer(folder: Path, source: Path, told: Any) -> str:
    """Its files; the name of its class, as far as anything tells it."""
    folder.mkdir(parents=True)
    for name in sorted(TOKENIZER_FILES):
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
    settings = source / "tokenizer_config.json"
    own = read_config(settings).get("tokenizer_class") if settings.is_file() else None
    usual = "T5Tokenizer" if (source / "spiece.model").is_file() else "CLIPTokenizer"
    return str(told[1] if isinstance(told, list) and told[1] else own or usual)


def _versioned(config: Mapping[str, Any]) -> Values:
    return {"_diffusers_version": VERSION, **config}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
