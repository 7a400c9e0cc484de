"""Conditions: what is missing and what is not read is told at once."""

import pytest
import torch

from diffsmith.nn.required import require

SOME = torch.zeros(1)


@pytest.mark.parametrize(
    ("reads", "given", "told"),
    [
        ({"text": 6, "sizes": 0}, {"text": SOME, "sizes": None}, None),
        ({"text": 6, "sizes": 2}, {"text": None, "sizes": None}, "text is missing, sizes is missing; "),
        ({"text": 6, "sizes": 0}, {"text": None, "sizes": SOME}, "text is missing, sizes is not read; "),
    ],
)
def test_what_does_not_fit_is_told(reads, given, told):
    if told is None:
        require(reads, given)
        return
    with pytest.raises(TypeError) as caught:
        require(reads, given)
    known = ", ".join(name for name, read in reads.items() if read)
    assert str(caught.value) == f"{told}the conditions that this U-Net reads: {known}"


def test_a_condition_may_be_spared_but_not_given_to_who_does_not_read_it():
    require({"guidance": 4}, {"guidance": None}, spared=["guidance"])
    with pytest.raises(TypeError, match="guidance is not read; the conditions that this U-Net reads: none"):
        require({"guidance": 0}, {"guidance": SOME}, spared=["guidance"])
