"""What all suites share."""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import torch

from ...registry import Registry, default_registry
from ...specs import Choice

__all__ = ["Conformance", "Example", "draws", "example_of"]


class Example(NamedTuple):
    """What things of a modality are tried with: a data set, and the shape of small rows."""

    data: str
    shape: tuple[int, ...]


_EXAMPLES = {
    "image": Example("digits", (1, 8, 8)),
    "video": Example("moving_digits", (1, 4, 8, 8)),
}


def example_of(modality: str) -> Example:
    """That of a modality by its name; where there is none, a picture's."""
    return _EXAMPLES.get(modality, _EXAMPLES["image"])


class Conformance:
    """`options` are those that have no default, or that make the thing small."""

    kind: ClassVar[str]
    name: ClassVar[str]
    options: ClassVar[dict[str, Any]] = {}

    @staticmethod
    def registry() -> Registry:
        """Where the thing under test is registered."""
        return default_registry()

    def bound(self) -> Callable[..., Any]:
        """The function under test, with its options."""
        return self.registry().bind(self.kind, Choice(name=self.name, **self.options))


def draws() -> torch.Generator:
    """The same random numbers for every test."""
    return torch.Generator().manual_seed(0)
