"""A whole pipeline, or one part, in a single file: read as the folder that it would be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from torch import Tensor

from ..errors import FileFault
from .components import Component
from .file_names import weights_among
from .folders import index_of_part, part_in, read_config
from .mapped import Tensors
from .opening import open_tensors
from .published import Source

__all__ = ["Format", "Part", "Reading", "open_file", "reading_of"]


class Part(NamedTuple):
    """A part in a single file: the config.json that it would have, and its tensors by published names."""

    config: Mapping[str, Any]
    tensors: Mapping[str, Tensor] = MappingProxyType({})


@dataclass(frozen=True)
class Reading:
    """A single file as the folder that it would be.

    index: its model_index.json. parts: those of the index that the file holds; a scheduler has no tensors.
    choices: our own terms for parts that have no published class. left: the names of tensors that belong to
    no part. notes: what was assumed.
    """

    index: Mapping[str, Any]
    parts: Mapping[str, Part]
    choices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    left: Sequence[str] = ()
    notes: tuple[str, ...] = ()


Format = Callable[[Tensors], Reading | None]
"""A way to lay a pipeline out in one file: what it is, by names and shapes; None where it is no such file."""


def open_file(path: Path, name: str, formats: Sequence[Format]) -> Source:
    """The pipeline in a file; or the one part that a config.json beside it tells of.

    A file holds no tokenizers; where their folders lie beside it, those are taken.
    """
    if weights_among([path.name]) and path.with_name("config.json").exists():
        return _with_settings(path, name)
    tensors = open_tensors(path)
    reading = reading_of(path, tensors, formats)
    if reading is None:
        advice = "or name the folder of a part, with its config.json"
        told = f"holds {_some(list(tensors))}, by which it is no model in one file that is known here"
        raise FileFault(path, f"{told}; name one that is, {advice}")
    if reading.left:
        raise FileFault(path, f"holds what belongs to no part of its model: {_some(reading.left)}")
    component = cache(lambda part: _part(path, reading, part))
    return Source(name, path, reading.index, component, reading.notes, reading.choices)


def reading_of(path: Path, tensors: Tensors, formats: Sequence[Format]) -> Reading | None:
    """As the format reads it that leaves the fewest tensors over; of equal ones the first."""
    readings, faults = [], []
    for known in formats:
        try:
            reading = known(tensors)
        except (KeyError, IndexError) as error:
            faults.append(f"is damaged or cut down: its networks lack {error}")
        except ValueError as error:  # of a shape that has other dimensions than it should
            faults.append(f"has tensors of shapes that make no network: {error}")
        else:
            readings += [reading] if reading else []
    if faults and not readings:
        raise FileFault(path, faults[0])
    return min(readings, key=lambda reading: len(reading.left), default=None)


def _with_settings(path: Path, name: str) -> Source:
    config = read_config(path.with_name("config.json"))
    index = index_of_part(path.with_name("config.json"), config)
    held = {part: Component(path, config, open_tensors(path), path.parent) for part in index}
    return Source(name, path, index, held.get)


def _part(path: Path, reading: Reading, part: str) -> Component | None:
    if part in reading.parts:
        return Component(path, *reading.parts[part])
    beside = path.with_name(part)
    return part_in(beside, part) if part.startswith("tokenizer") and beside.is_dir() else None


def _some(names: Sequence[str]) -> str:
    return f"{len(names)} tensors ({', '.join(names[:10])}{', …' if len(names) > 10 else ''})"
