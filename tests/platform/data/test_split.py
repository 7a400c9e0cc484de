import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffsmith.data import Data, Split
from diffsmith.data.split import split


def numbered(rows: int) -> Split:
    return Split(torch.arange(float(rows))[:, None], torch.arange(rows))


@given(st.integers(3, 60), st.floats(0.05, 0.95), st.integers(0, 2**32 - 1))
def test_every_row_lies_in_one_part_with_its_label(rows, held_out, seed):
    parts = split(numbered(rows), held_out, seed)
    labels = torch.cat([part.label for part in parts])
    assert labels.sort().values.tolist() == list(range(rows))
    assert all(torch.equal(part.x[:, 0], part.label.float()) for part in parts)
    train, validation, test = map(len, parts)
    assert train == round(rows * (1 - held_out))
    assert 0 <= test - validation <= 1


def test_the_seed_decides():
    one, same, other = (split(numbered(50), seed=seed)[0].label for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("index", [torch.tensor([2, 0]), slice(1, 3)])
def test_rows_with_and_without_labels(index):
    whole = numbered(4)
    assert torch.equal(whole.rows(index).label, whole.label[index])
    assert Split(whole.x, None).rows(index).label is None
    assert len(whole.rows(index)) == 2


def test_data_know_the_shape_of_a_sample():
    part = Split(torch.zeros(5, 3, 8, 4), None)
    assert Data("d", "image", part, part, part).shape == (3, 8, 4)
