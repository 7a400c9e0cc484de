"""Suites that show whether a registered thing keeps the promises of its kind; pytest runs them.

A subclass of three lines tests one thing::

    class TestMine(ModelConformance):
        name = "mine"

and `globals().update(suites(plugin="mine"))` all that a plugin brings.
"""

from typing import Any

from ...registry import default_registry
from .data import DatasetConformance, MetricConformance
from .modalities import ModalityConformance
from .models import ModelConformance
from .sampling import EstimateConformance, SpacingConformance

__all__ = [
    "SUITES",
    "DatasetConformance",
    "EstimateConformance",
    "MetricConformance",
    "ModalityConformance",
    "ModelConformance",
    "SpacingConformance",
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
    return {
        f"Test_{kind}_{name}": type(f"Test_{kind}_{name}", (suite,), {"name": name, **facts.get(name, {})})
        for kind, suite in SUITES.items()
        for name in registry.names(kind)
        if plugin in {None, registry.owner(kind, name)}
    }
