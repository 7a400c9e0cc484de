"""Folders as diffusers and transformers write them: a pipeline with its parts, or one part alone."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import FileFault
from .components import Component
from .file_names import VOCABULARIES, no_pipeline, require_variant, weights_for
from .opening import open_tensors
from .published import Source

__all__ = ["index_of_part", "open_folder", "part_in", "read_config"]

_PLACES = (
    ("MotionAdapter", "motion_adapter"),
    ("UNet", "unet"),
    ("Autoencoder", "vae"),
    ("VQ", "vae"),
    ("CLIPText", "text_encoder"),
    ("CLIPVision", "image_encoder"),
    ("T5", "text_encoder"),
    ("Transformer", "transformer"),
)
"""What a class's name holds, and the part that one of it is in a pipeline."""


def open_folder(folder: Path, name: str, variant: str | None = None) -> Source:
    """The pipeline of a folder's model_index.json, or the one part that its config.json tells of."""
    names = _names(folder)
    if "model_index.json" in names:
        index = read_config(folder / "model_index.json")
    elif "config.json" in names:
        index = _alone(folder, names)
    else:
        raise FileFault(folder, no_pipeline(names, f"{folder}/"))
    places = {part: _place(folder, part, names) for part, told in index.items() if _is_part(part, told)}
    require_variant(folder, variant, [_names(place) for place in places.values()])

    @cache
    def component(part: str) -> Component | None:
        return part_in(places[part], part, variant) if part in places else None

    return Source(name, folder, index, component)


def _alone(folder: Path, names: set[str]) -> dict[str, Any]:
    """The index of a folder that is one part; a scheduler or a tokenizer may lie beside it."""
    index = index_of_part(folder / "config.json", read_config(folder / "config.json"))
    beside = {"scheduler": "scheduler_config.json" in names, "tokenizer": bool(names & VOCABULARIES)}
    return {**index, **{part: ["", ""] for part, there in beside.items() if there}}


def index_of_part(path: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """The model_index.json of a pipeline that is one part alone, whose settings these are."""
    architectures = config.get("architectures")
    kind = str(
        config.get("_class_name")
        or (architectures[0] if isinstance(architectures, list) and architectures else "")
    )
    part = next((part for word, part in _PLACES if word in kind), "")
    if not part:
        told = (
            f"tells of {kind!r}, which is" if kind else "tells no _class_name and no architectures, so it is"
        )
        raise FileFault(path, f"{told} no part of a pipeline that is known here")
    return {part: ["", kind]}


def _is_part(part: str, told: Any) -> bool:
    """A part is told as [library, class]; one that was left out, as [null, null]."""
    return part.isidentifier() and isinstance(told, list) and len(told) == 2 and told[1] is not None


def _place(folder: Path, part: str, names: set[str]) -> Path:
    """A part's own folder, there or not; the smallest pipelines hold all their files in one."""
    own, told = folder / part, _TOLD_IN.get(part.partition("_")[0], {"config.json"})
    return folder if names & told and not own.is_dir() else own


_TOLD_IN = {"scheduler": {"scheduler_config.json"}, "tokenizer": VOCABULARIES}
"""Files by which a folder is such a part; any other part is told by its config.json."""


def part_in(place: Path, part: str, variant: str | None = None) -> Component:
    """The part of that name whose files lie in a folder."""
    names = _names(place)
    if part == "scheduler":
        return Component(place, read_config(place / "scheduler_config.json"), {}, place)
    if part == "feature_extractor":
        return Component(place, read_config(place / "preprocessor_config.json"), {}, place)
    if part.startswith("tokenizer"):
        return _tokenizer(place, names)
    config = read_config(place / "config.json")
    weights = weights_for(place, names, variant)
    if weights is None:
        expected = "diffusion_pytorch_model.safetensors or model.safetensors, or their index and all shards"
        raise FileFault(place, f"holds settings but no weights, expected {expected}; fetch or copy it again")
    return Component(place / weights.first, config, open_tensors(place / weights.first), place)


def _tokenizer(place: Path, names: set[str]) -> Component:
    if not names & VOCABULARIES:
        raise FileFault(place, f"holds no vocabulary, expected one of {', '.join(sorted(VOCABULARIES))}")
    told = "tokenizer_config.json"
    return Component(place, read_config(place / told) if told in names else {}, {}, place)


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def read_config(path: Path) -> dict[str, Any]:
    """A small JSON file that holds an object; a FileFault tells what it is instead."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileFault(path, "is missing, though this pipeline needs it; fetch or copy it again") from None
    except OSError as error:
        raise FileFault(path, f"cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise FileFault(path, f"is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise FileFault(path, f"is damaged: it holds no settings by name but a {type(content).__name__}")
    return content
