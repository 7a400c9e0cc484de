import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffsmith.training.order import _shuffled, rows_of, seeded_step

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 60), SEEDS)
def test_every_epoch_has_each_row_once(rows, batch, seed):
    batches = -(-3 * rows // batch)
    stream = torch.cat([rows_of(number, batch, rows, seed) for number in range(batches)])
    for epoch in stream[: 3 * rows].split(rows):
        assert epoch.sort().values.tolist() == list(range(rows))


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 40), st.integers(1, 60), SEEDS, st.integers(0, 500))
def test_a_batch_is_the_same_wherever_one_starts(rows, batch, seed, number):
    before = [rows_of(each, batch, rows, seed) for each in range(number - 3, number + 1) if each >= 0][-1]
    _shuffled.cache_clear()
    assert torch.equal(rows_of(number, batch, rows, seed), before)


@pytest.mark.parametrize(("batch", "together"), [(3, 2), (7, 4)])
def test_small_batches_in_a_row_are_one_large_batch(batch, together):
    for number in range(9):
        small = [rows_of(number * together + each, batch, 11, 5) for each in range(together)]
        assert torch.equal(torch.cat(small), rows_of(number, batch * together, 11, 5))


def test_epochs_and_seeds_differ():
    first, second, other = rows_of(0, 50, 50, 0), rows_of(1, 50, 50, 0), rows_of(0, 50, 50, 1)
    assert not torch.equal(first, second)
    assert not torch.equal(first, other)


def test_a_seeded_step_depends_on_seed_and_number_alone():
    def drawn(seed, number):
        with seeded_step(seed, number):
            return torch.randn(4)

    first = drawn(3, 8)
    torch.manual_seed(99)
    assert torch.equal(drawn(3, 8), first)
    assert not torch.equal(drawn(3, 9), first)
    assert not torch.equal(drawn(4, 8), first)


@pytest.mark.parametrize("fails", [False, True])
def test_a_seeded_step_leaves_torch_s_numbers_as_they_were(fails):
    before = torch.random.get_rng_state()
    try:
        with seeded_step(1, 2):
            torch.randn(100)
            assert not fails
    except AssertionError:
        pass
    assert torch.equal(torch.random.get_rng_state(), before)
