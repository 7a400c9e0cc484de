"""The same tensor, unchanged, is computed once; anything else anew."""

import copy
import gc

import pytest
import torch
from torch import nn

from diffsmith.nn.once import Once


class Counted:
    """A linear layer that counts its calls."""

    def __init__(self) -> None:
        self.layer, self.calls = nn.Linear(4, 4), 0

    def __call__(self, x):
        self.calls += 1
        return self.layer(x)

    def through(self, once, x):
        return once(x, self, [*self.layer.parameters()])


@torch.no_grad()
def test_the_same_tensor_is_computed_once():
    once, work, x = Once(), Counted(), torch.randn(2, 4)
    first = work.through(once, x)
    assert work.through(once, x) is first
    assert torch.equal(first, work.layer(x))
    assert work.calls == 1


@torch.no_grad()
def test_equal_numbers_in_another_tensor_are_another():
    once, work, x = Once(), Counted(), torch.randn(2, 4)
    work.through(once, x)
    work.through(once, x.clone())
    assert work.calls == 2


@torch.no_grad()
def test_two_tensors_that_take_turns_are_both_kept():
    once, work = Once(), Counted()
    guided, plain = torch.randn(4, 4), torch.randn(2, 4)
    for x in (guided, plain, guided, plain):
        assert torch.equal(work.through(once, x), work.layer(x))
    assert work.calls == 2


CHANGES = {
    "the tensor in place": lambda x, layer: x.add_(1),
    "a slice of the tensor": lambda x, layer: x[0].zero_(),
    "a weight in place": lambda x, layer: layer.weight.mul_(2),
    "an optimizer's step": lambda x, layer: torch._foreach_add_([layer.weight, layer.bias], 1.0),
    "other weights": lambda x, layer: setattr(layer, "weight", nn.Parameter(torch.randn(4, 4))),
    "loaded weights": lambda x, layer: layer.load_state_dict(nn.Linear(4, 4).state_dict()),
    "assigned weights": lambda x, layer: layer.load_state_dict(nn.Linear(4, 4).state_dict(), assign=True),
    "another number format and back": lambda x, layer: layer.bfloat16().float(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@torch.no_grad()
def test_a_change_is_seen(change):
    once, work, x = Once(), Counted(), torch.randn(2, 4)
    work.through(once, x)
    change(x, work.layer)
    assert torch.equal(work.through(once, x), work.layer(x))
    assert work.calls == 2


def test_a_tensor_that_dies_takes_its_answers_along():
    once, work = Once(), Counted()
    with torch.no_grad():
        for _ in range(5):
            work.through(once, torch.randn(2, 4))
            gc.collect()
            assert len(once) == 0


@pytest.mark.parametrize("mode", [torch.enable_grad, torch.inference_mode])
def test_nothing_is_kept_in_training_or_where_changes_cannot_be_seen(mode):
    once, work = Once(), Counted()
    with mode():
        x = torch.randn(2, 4)
        work.through(once, x)
        work.through(once, x)
    assert (work.calls, len(once)) == (2, 0)


@torch.no_grad()
def test_a_copy_remembers_nothing():
    once, work, x = Once(), Counted(), torch.randn(2, 4)
    work.through(once, x)
    assert len(copy.deepcopy(once)) == 0
    assert len(once) == 1
