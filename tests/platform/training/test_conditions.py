"""Captions are read once, a few at a time, and told again in any mixture."""

import pytest
import torch
from tests.checkpoints import parts, pixart_texts, sdxl_texts

from diffsmith.conditioning import Wanted
from diffsmith.conditioning.conditioners import clip, pixart, sdxl
from diffsmith.training.conditions import captions_of

TEXTS = (*(f"a photograph of cube {number}" for number in range(17)), "the red cube " * 60, "")
KINDS = {"clip": (sdxl_texts, clip), "sdxl": (sdxl_texts, sdxl), "pixart": (pixart_texts, pixart)}
CPU = torch.device("cpu")


def read(conditioner, dtype=torch.float32):
    """(captions, the progress that was told)"""
    work, told = captions_of(TEXTS, conditioner, Wanted((), None, (32, 64)), CPU, dtype), []
    while True:
        try:
            told.append(next(work))
        except StopIteration as done:
            return done.value, told


@pytest.fixture(scope="module", params=KINDS)
def conditioner(request, tmp_path_factory):
    write, make = KINDS[request.param]
    return make(parts(write(tmp_path_factory.mktemp(request.param))))


def test_every_caption_is_told_as_the_conditioner_reads_it(conditioner):
    captions, told = read(conditioner)
    assert told == [16, 19]
    for numbers in ([3, 3, 0], [18], [17, 5], [2, 17, 16]):
        wanted = conditioner(Wanted([TEXTS[number] for number in numbers], None, (32, 64)), guided=False)[
            "conditional"
        ]
        found = captions(torch.tensor(numbers))
        assert found.keys() == wanted.keys()
        for name in wanted:
            torch.testing.assert_close(_seen(found, name), _seen(wanted, name), rtol=1e-4, atol=1e-5)


def _seen(condition, name):
    """What a network makes of it: of a text said twice as of it said once, of what is masked nothing."""
    if name != "text":
        value = condition[name]
        return value.sum(1) if name == "text_mask" else value
    mask = condition.get("text_mask")
    if mask is None:
        return condition["text"].mean(dim=1)
    return (condition["text"] * mask[..., None]).sum(dim=1)


def test_the_last_is_what_guidance_compares_with(conditioner):
    captions, _ = read(conditioner)
    wanted = conditioner(Wanted(("",), None, (32, 64)), guided=True)["unconditional"]
    found = captions(torch.tensor([len(TEXTS)]))
    for name in wanted:
        torch.testing.assert_close(found[name], wanted[name])


def test_texts_take_the_network_s_number_format_and_sizes_keep_theirs(conditioner):
    captions, _ = read(conditioner, torch.bfloat16)
    found = captions(torch.tensor([0, 17]))
    assert found["text"].dtype == torch.bfloat16
    assert "sizes" not in found or found["sizes"].dtype == torch.float32
