"""What we believe diffusers' classes take where nothing is told, against their signatures."""

import inspect
from importlib import import_module

import diffusers
import pytest

from diffsmith.interop.scheduler_classes import CLASSES

HIDDEN = {
    "ScoreSdeVpScheduler": "deprecated.scheduling_sde_vp",
    "DPMSolverSDEScheduler": "scheduling_dpmsolver_sde",
}


@pytest.mark.parametrize("name", CLASSES)
def test_defaults(name):
    module = import_module(f"diffusers.schedulers.{HIDDEN[name]}") if name in HIDDEN else diffusers
    parameters = inspect.signature(getattr(module, name).__init__).parameters.values()
    theirs = {p.name: p.default for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD}
    theirs.pop("self")
    assert CLASSES[name] == theirs
