"""What a network reads of a request."""

import torch

from diffsmith.conditioning import Wanted
from diffsmith.pipeline.conditions import conditioned, converted, labelled, with_beside

CPU = torch.device("cpu")


def test_classes_one_for_all_or_each_its_own_and_none():
    for labels, wanted in (((3,), [3, 3]), ((1, 2), [1, 2]), (None, [10, 10]), ((), [10, 10])):
        branches = labelled(labels, 10, 2, CPU)(True)
        assert branches["conditional"]["label"].tolist() == wanted
        assert branches["unconditional"]["label"].tolist() == [10, 10]
    assert labelled(None, None, 2, CPU)(True) == {"conditional": {}, "unconditional": {}}


class Reader:
    """Answers numbers of every kind."""

    def __call__(self, wanted, *, guided):
        values = {
            "text": torch.full((2, 3, 4), 0.1),
            "text_mask": torch.ones(2, 3),
            "sizes": torch.full((2, 6), 1001.0),
            "label": torch.tensor([3, 4]),
        }
        return dict.fromkeys(("conditional", *(["unconditional"] if guided else [])), values)


def test_every_branch_is_told_what_lies_beside_x():
    beside = torch.ones(2, 5, 8, 8)
    read = conditioned(Reader(), Wanted(["a", "b"]), CPU, torch.bfloat16)
    for guided, branches in ((False, ["conditional"]), (True, ["conditional", "unconditional"])):
        told = with_beside(read, beside)(guided)
        assert [*told] == branches
        assert all(known["beside"] is beside for known in told.values())
        assert all(known["text"].dtype == torch.bfloat16 for known in told.values())
    assert with_beside(read, None) is read


def test_numbers_that_lose_their_meaning_keep_single_precision():
    """1001 is no number of bfloat16, and a class is none of any float."""
    condition = Reader()(Wanted(["a", "b"]), guided=False)["conditional"]
    found = {name: value.dtype for name, value in converted(condition, CPU, torch.bfloat16).items()}
    assert found == {
        "text": torch.bfloat16,
        "text_mask": torch.float32,
        "sizes": torch.float32,
        "label": torch.int64,
    }
