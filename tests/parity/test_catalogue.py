"""Every scheduler against its references: the catalogue's cases, each within its bound."""

import pytest

from .catalogue import cases
from .catalogue.recorded import USED, recordings

CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_equals_its_reference(case):
    assert case.difference() <= case.bound


def test_every_recorded_run_is_compared():
    for case in CASES:
        if not case.reference.startswith("diffusers"):
            case.difference()
    assert set(recordings("")) == USED
