"""What is asked is understood, and refused in one sentence where it cannot be."""

import pytest

from diffsmith.errors import SpecError
from diffsmith.pipeline import request_of
from diffsmith.pipeline.requests import batches
from diffsmith.specs import Request

from .untrained import made


@pytest.mark.parametrize(
    ("classes", "labels", "seeds", "told"),
    [
        (3, [0, 3], None, r"^labels: 3 is not a class of this model. Classes: 0 to 2$"),
        (None, 0, None, r"^labels: unet was trained without classes; leave labels out$"),
        (3, [-1], None, r"^labels.0: input should be greater than or equal to 0, got -1$"),
        (3, ["x"], None, r"^labels.0: input should be a valid integer.*got 'x'$"),
        (3, [0, 1], [5], r"^2 labels for 1 seeds: give as many, or one label$"),
        (3, 0, [-1], r"^seeds.0: input should be greater than or equal to 0, got -1$"),
        (3, None, [], r"^seeds: at least one is needed$"),
    ],
)
def test_a_wrong_request_is_told_in_one_sentence(classes, labels, seeds, told):
    with pytest.raises(SpecError, match=told) as caught:
        made(classes).generate(labels=labels, seeds=seeds)
    assert len(caught.value.faults) == 1


@pytest.mark.parametrize(
    ("kind", "asked", "told"),
    [
        ("sd1", {}, r"^prompt: missing; conditional_unet makes what a text says$"),
        ("sd1", {"negative": "x"}, r"^prompt: missing"),
        ("lcm", {"prompt": "a", "negative": "x"}, r"^negative: guidance 'embedded' does not ask"),
        ("sd1", {"prompt": "x", "labels": 3}, r"^labels: conditional_unet was trained without classes"),
        (
            "sd1",
            {"prompt": ["x", "y"], "seeds": [1]},
            r"^2 prompts for 1 seeds: give as many, or one prompt$",
        ),
        (
            "sd1",
            {"prompt": "x", "negative": ["y"] * 3, "seeds": [1, 2]},
            r"^3 negatives for 2 seeds: .*negative$",
        ),
        ("dit", {"prompt": "x"}, r"^prompt: dit reads no text; give labels$"),
        ("dit", {"negative": "x"}, r"^prompt: dit reads no text; give labels$"),
        ("dit", {"labels": 1000}, r"^labels: 1000 is not a class of this model. Classes: 0 to 999$"),
        ("ddpm", {"prompt": "x"}, r"^prompt: pixel_unet reads no text; leave it out$"),
    ],
)
def test_words_and_classes_that_a_model_does_not_read_are_refused(loaded, kind, asked, told):
    with pytest.raises(SpecError, match=told):
        loaded(kind).generate(**asked)


def test_a_request_in_short():
    assert request_of([3, 7], seed=2) == Request(seeds=(2, 3), labels=(3, 7))
    assert request_of(None) == Request()
    assert request_of(prompt="a", negative="b", seeds=[4, 5]) == Request(
        seeds=(4, 5), prompts=("a",), negatives=("b",)
    )
    assert request_of(prompt=["a", "b"], size=[8, 16]).size == (8, 16)


def test_a_request_is_cut_into_batches_that_keep_what_is_shared():
    request = Request(seeds=(1, 2, 3), labels=(7, 8, 9), prompts=("one",), size=(8, 8))
    parts = list(batches(request, 2))
    assert [(part.seeds, part.labels) for part in parts] == [((1, 2), (7, 8)), ((3,), (9,))]
    assert {(part.prompts, part.size) for part in parts} == {(("one",), (8, 8))}
    assert parts[1].row(0) == {"seed": 3, "label": 9, "prompt": "one", "size": [8, 8]}
