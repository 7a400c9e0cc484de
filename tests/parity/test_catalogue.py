"""Every scheduler against its references: the catalogue's cases, each within its bound."""

import pytest

from .catalogue import cases


@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_equals_its_reference(case):
    assert case.difference() <= case.bound
