"""Cards: what a plugin tells about a thing before anybody imports it."""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from .errors import DiffsmithError

__all__ = [
    "AdapterCard",
    "Card",
    "ConditionerCard",
    "DatasetCard",
    "MetricCard",
    "ModelCard",
    "SchedulerCard",
    "cards_in",
]


@dataclass(frozen=True)
class Card:
    """A name, one line about it, and where its function is: "module:function".

    The function is imported when it is first needed. Its keyword-only parameters are the options that a
    spec may give; everything before them is what diffsmith hands over.
    """

    name: str
    summary: str
    ref: str = ""
    aliases: tuple[str, ...] = ()

    @cached_property
    def function(self) -> Callable[..., Any]:
        """The function itself, imported now."""
        module, _, name = self.ref.partition(":")
        try:
            found: Callable[..., Any] = getattr(import_module(module), name)
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise DiffsmithError(f"{self.name}: cannot be loaded from {self.ref!r}: {what}") from error
        return found


@dataclass(frozen=True)
class ModelCard(Card):
    """A network: `ref` is (shape, classes, *, options) -> module with forward(x, t, label, **condition).

    `schedule` and `prediction` are what it is trained for unless a spec says otherwise, `boundary` what a
    consistency model needs around it. A published size is a row of numbers: `defaults` are the options that
    make it, `shape` and `classes` what its samples have in network space; `autoencoder` and `conditioner`
    what stands before and behind it, `part` its folder in a diffusers repository, `usual` the parts of a
    PipelineSpec it was published with, `weights` the repository, at a revision, that holds it, `encoders` how
    many parameters the networks have that read text for it. fps: frames a second of its clips.
    """

    modality: str = "image"
    schedule: dict[str, Any] = field(default_factory=lambda: {"name": "vp"})
    prediction: dict[str, Any] = field(default_factory=lambda: {"name": "epsilon"})
    boundary: dict[str, Any] | None = None
    defaults: dict[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] | None = None
    classes: int | None = None
    autoencoder: dict[str, Any] | None = None
    conditioner: dict[str, Any] | None = None
    part: str = ""
    usual: dict[str, Any] = field(default_factory=dict)
    encoders: dict[str, int] = field(default_factory=dict)
    fps: float | None = None
    weights: str = ""
    licence: str = ""
    source: str = ""


@dataclass(frozen=True)
class AdapterCard(Card):
    """Small weights that go into a network's: `ref` is (tensors, adapter, *, options) -> tensors.

    part: what it is in a published folder. becomes: "module:function", (choice of a network, the adapter's
    config.json) -> the choice that it becomes; nothing where it stays what it is.
    """

    part: str = "adapter"
    becomes: str = ""


@dataclass(frozen=True)
class ConditionerCard(Card):
    """What turns words and pictures into conditions: `ref` is (component, *, options) -> Conditioner.

    reads: what it cannot do without, of "text" and "picture".
    """

    reads: tuple[str, ...] = ("text",)


@dataclass(frozen=True)
class SchedulerCard(Card):
    """A named row of factors, or (`ref`) a loop of its own with trajectory's signature.

    walk: the path it follows, the model's "own" or one where dx / dsigma is (x - x0) / sigma. source: the
    paper or program it equals. advice: when to choose it. order: of convergence with its noise off, 0 where
    there is none to speak of. evaluations: of the network a step, 0 where that depends on the data. pushes:
    whether it heeds what a denoiser pushes beside its clean estimate, as guidance cfg_pp does.
    """

    estimate: str = "euler"
    renoise: str = "ode"
    correct: str = ""
    walk: Literal["own", "sigma"] = "own"
    defaults: dict[str, Any] = field(default_factory=dict)
    source: str = ""
    advice: str = ""
    order: int = 1
    evaluations: int = 1
    pushes: bool = True


@dataclass(frozen=True)
class DatasetCard(Card):
    """Data: `ref` is (*, options) -> diffsmith.data.Data."""

    modality: str = "image"


@dataclass(frozen=True)
class MetricCard(Card):
    """A score: `ref` is (samples, reference, *, options) -> float."""

    modality: str = "image"
    direction: Literal["minimize", "maximize"] = "minimize"


def cards_in(module: str, kind: type[Card] = Card, **facts: Any) -> list[Card]:
    """A card for each public function of a module, read from its source without importing it.

    The name is the function's, the summary its docstring's first line; a docstring line "Also: a, b"
    gives other names it is known by. `facts` go into every card.
    """
    source = ast.parse(_source(module))
    functions = [node for node in source.body if isinstance(node, ast.FunctionDef)]
    return [_card(module, node, kind, facts) for node in functions if not node.name.startswith("_")]


def _source(module: str) -> str:
    """Found beside its top package, so that nothing is imported, not even the packages on the way."""
    top, *inner = module.split(".")
    package = find_spec(top)
    for folder in (package and package.submodule_search_locations) or ():
        path = Path(folder, *inner)
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                return file.read_text(encoding="utf-8")
    if inner or package is None or package.origin is None:
        raise DiffsmithError(f"there is no module {module!r} to read cards from")
    return Path(package.origin).read_text(encoding="utf-8")


def _card(module: str, node: ast.FunctionDef, kind: type[Card], facts: dict[str, Any]) -> Card:
    doc = ast.get_docstring(node) or ""
    also = re.search(r"^Also: (.+)$", doc, re.MULTILINE)
    aliases = tuple(name.strip() for name in also[1].split(",")) if also else ()
    return kind(node.name, doc.partition("\n")[0], f"{module}:{node.name}", aliases, **facts)
