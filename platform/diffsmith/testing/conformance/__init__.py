"""Suites that show whether a registered thing keeps the promises of its kind; pytest runs them.

A subclass of three lines tests one thing::

    class TestMine(ModelConformance):
        name = "mine"

and `globals().update(suites(plugin="mine"))` all that a plugin brings.
"""

from typing import Any

from ...registry import Registry, default_registry
from .data import DatasetConformance, MetricConformance
from .modalities import ModalityConformance
from .models import ModelConformance
from .published import PublishedConformance
from .sampling import EstimateConformance, SpacingConformance

__all__ = [
    "SUITES",
    "DatasetConformance",
    "EstimateConformance",
    "MetricConformance",
    "ModalityConformance",
    "ModelConformance",
    "PublishedConformance",
    "SpacingConformance",
    "suite",
    "suites",
]

SUITES: dict[str, type] = {
    "models": ModelConformance,
    "estimates": EstimateConformance,
    "spacings": SpacingConformance,
    "datasets": DatasetConformance,
    "metrics": MetricConformance,
    "modalities": ModalityConformance,
}


def suites(plugin: str | None = None, **facts: dict[str, Any]) -> dict[str, type]:
    """A test class for everything registered, or for what one plugin brings.

    `facts` gives attributes to the class of the thing of that name: `mine={"options": {"path": "x"}}`.
    """
    registry = default_registry()
    named = [(kind, name) for kind in SUITES for name in registry.names(kind)]
    titles = {(kind, name): f"Test_{kind}_{name}" for kind, name in named}
    return {
        title: type(title, (suite(kind, name, registry),), {"name": name, **facts.get(name, {})})
        for (kind, name), title in titles.items()
        if plugin in {None, registry.owner(kind, name)}
    }


def suite(kind: str, name: str, registry: Registry) -> type:
    """What tests a thing: a network that can be any size is run, one that was published is only looked at."""
    published = kind == "models" and registry.get(kind, name).shape is not None
    return PublishedConformance if published else SUITES[kind]
