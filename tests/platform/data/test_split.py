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


class Counted:
    """Rows that count how often they are read."""

    def __init__(self, numbers, reads):
        self.numbers, self.reads = numbers, reads

    def __len__(self):
        return len(self.numbers)

    def __getitem__(self, index):
        return Counted(self.numbers[index], self.reads)

    def read(self):
        self.reads += self.numbers.tolist()
        return self.numbers.float()[:, None]


def test_unread_rows_are_read_when_they_are_looked_at_and_only_once():
    reads = []
    train, validation, test = split(Split(Counted(torch.arange(10), reads), None), held_out=0.4)
    assert (len(train), len(validation), len(test)) == (6, 2, 2)
    assert Data("d", "image", train, validation, test).shape == (1,)
    assert len(reads) == 1
    assert train.rows(torch.tensor([2, 0])).x.shape == (2, 1)
    assert len(reads) == 3
    assert torch.equal(train.x, train.x)
    assert len(reads) == 9
