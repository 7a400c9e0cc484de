"""A plugin that training is tried with: a network that costs nothing, and data that can be made to fail."""

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

import pytest
import torch
from torch import nn

from diffsmith.cards import DatasetCard, ModelCard
from diffsmith.data import Data, Split
from diffsmith.hookspecs import hookimpl
from diffsmith.registry import Registry
from diffsmith.specs import TrainSpec, parse

ROWS = 24


class Pebble(nn.Module):
    """Two small convolutions, told the time and the class; `deaf` hears the class alone."""

    def __init__(self, channels: int, rows: int, dropout: float, deaf: bool) -> None:
        super().__init__()
        self.deaf = deaf
        self.come, self.go = (nn.Conv2d(*sizes, 3, padding=1) for sizes in ((channels, 8), (8, channels)))
        self.classes, self.dropout = nn.Embedding(rows, 8), nn.Dropout(dropout)

    def forward(self, x, timestep, label):
        told = self.classes(label)[..., None, None]
        heard = told.expand(-1, -1, *x.shape[2:]) if self.deaf else self.come(x) + told
        loud = 1.0 if self.deaf else timestep.view(-1, 1, 1, 1).to(x) / 1000
        return self.go(self.dropout(heard + loud).relu())


def pebble(shape, classes, *, dropout: float = 0.0, deaf: bool = False) -> nn.Module:
    return Pebble(shape[0], (classes or 0) + 1, dropout, deaf)


def dots(*, bad_row: int | None = None, bad: float = float("nan")) -> Data:
    """Three noisy signs, a class each; one number in `bad_row` may be bad."""
    generator = torch.Generator().manual_seed(1)
    signs = torch.randn(3, 1, 4, 4, generator=generator)
    x = signs[torch.arange(ROWS) % 3] + 0.1 * torch.randn(ROWS, 1, 4, 4, generator=generator)
    if bad_row is not None:
        x[bad_row, 0, 2, 2] = bad
    part = Split(x, torch.arange(ROWS) % 3)
    return Data("dots", "image", part, part, part, classes=3)


class Heard:
    """A plugin that brings both, and keeps every step it hears of."""

    def __init__(self) -> None:
        self.steps = []

    @hookimpl
    def diffsmith_models(self):
        return [ModelCard("pebble", "A pebble", "lab:pebble", prediction={"name": "v"})]

    @hookimpl
    def diffsmith_datasets(self):
        return [DatasetCard("dots", "Dots", "lab:dots")]

    @hookimpl
    def diffsmith_fit_step(self, step):
        self.steps.append(step)


class Lab(Registry):
    """The core, pictures, and the plugin above."""

    def __init__(self) -> None:
        self.heard = Heard()
        modules = {"builtin": "diffsmith.builtin_plugin", "image": "diffsmith_image"}
        known = [(name, lambda module=module: import_module(module)) for name, module in modules.items()]
        super().__init__([*known, ("lab", lambda: self.heard)])


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Lab:
    module = ModuleType("lab")
    vars(module).update(pebble=pebble, dots=dots)
    monkeypatch.setitem(sys.modules, "lab", module)
    return Lab()


@pytest.fixture
def spec_of() -> Callable[..., TrainSpec]:
    """spec_of(steps=3, model={...}, data={...}): a training spec of pebbles and dots, `train` by keyword."""

    def spec(model=(), data=(), engine=(), **train):
        return parse(
            TrainSpec,
            {
                "model": {"name": "pebble", **dict(model)},
                "data": {"name": "dots", **dict(data)},
                "engine": {"device": "cpu", **dict(engine)},
                "train": {"steps": 6, "batch": 5, "warmup": 2, **train},
            },
        )

    return spec
