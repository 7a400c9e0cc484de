"""What a network reads of a request."""

import torch

from diffsmith.pipeline.conditions import converted, labelled, worded
from diffsmith.specs import Request

CPU = torch.device("cpu")


def test_classes_one_for_all_or_each_its_own_and_none():
    for labels, wanted in (((3,), [3, 3]), ((1, 2), [1, 2]), (None, [10, 10]), ((), [10, 10])):
        branches = labelled(labels, 10, 2, CPU)(True)
        assert branches["conditional"]["label"].tolist() == wanted
        assert branches["unconditional"]["label"].tolist() == [10, 10]
    assert labelled(None, None, 2, CPU)(True) == {"conditional": {}, "unconditional": {}}


class Reader:
    """Notes what it is asked, and answers numbers of every kind."""

    def __call__(self, prompts, negatives, size, *, guided):
        self.asked = (list(prompts), None if negatives is None else list(negatives), size, guided)
        values = {
            "text": torch.full((2, 3, 4), 0.1),
            "text_mask": torch.ones(2, 3),
            "sizes": torch.full((2, 6), 1001.0),
            "label": torch.tensor([3, 4]),
        }
        return {"conditional": values}


def test_words_are_one_for_all_or_each_its_own():
    reader = Reader()
    for prompts, negatives, asked in (
        (("a",), None, (["a", "a"], None)),
        (("a", "b"), ("c",), (["a", "b"], ["c", "c"])),
        (None, ("c", "d"), (["", ""], ["c", "d"])),
    ):
        request = Request(seeds=(0, 1), prompts=prompts, negatives=negatives)
        worded(reader, request, (8, 16), CPU, torch.float32)(False)
        assert reader.asked == (*asked, (8, 16), False)


def test_numbers_that_lose_their_meaning_keep_single_precision():
    """1001 is no number of bfloat16, and a class is none of any float."""
    condition = Reader()(["a", "b"], None, (8, 8), guided=False)["conditional"]
    found = {name: value.dtype for name, value in converted(condition, CPU, torch.bfloat16).items()}
    assert found == {
        "text": torch.bfloat16,
        "text_mask": torch.float32,
        "sizes": torch.float32,
        "label": torch.int64,
    }
