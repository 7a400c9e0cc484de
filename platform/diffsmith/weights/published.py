"""A published pipeline, wherever it lies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .components import Components

__all__ = ["Source"]


@dataclass(frozen=True)
class Source:
    """What is known of a published pipeline before anything is built. Made by `open_source`.

    name: how a spec writes it; a repository's has its commit. index: model_index.json, or what it would be:
    the class of the pipeline as "_class_name", and its parts with theirs, as in {"unet": [library, class]}.
    component: a part by its name, opened when it is first asked for. notes: what was assumed, because the
    files do not tell it. choices: parts that have no published class, in our terms.
    """

    name: str
    where: Path
    index: Mapping[str, Any]
    component: Components
    notes: tuple[str, ...] = ()
    choices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def class_of(self, part: str) -> str:
        """The published class of a part, or "" where there is no such part."""
        told = self.index.get(part)
        return str(told[1] or "") if isinstance(told, list | tuple) and len(told) == 2 else ""
