"""What conditioners promise: long prompts, weights, branches, and clear refusals."""

from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch
from tests.checkpoints import clip_text, parts, pixart_texts, sdxl_texts
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention as attention

from diffsmith.cards import Card, cards_in
from diffsmith.conditioning import Wanted, conditioners
from diffsmith.errors import FileFault, SpecError
from diffsmith.options import checked_options, options_model
from diffsmith.weights.components import Components

NAMES = ["clip", "open_clip", "uvit_t2i", "sdxl", "sdxl_refiner", "pixart"]
LONG_READERS = [name for name in NAMES if name != "uvit_t2i"]
SIZE = (32, 48)
LONG = " ".join(["red"] * 199)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    sdxl_texts(folder / "sdxl")
    pixart_texts(folder / "pixart")
    return folder


@pytest.fixture(scope="module")
def components(texts: Path) -> dict[str, Components]:
    return {name: parts(texts / ("pixart" if name == "pixart" else "sdxl")) for name in NAMES}


def made(components: dict[str, Components], name: str, **options: Any) -> Any:
    return getattr(conditioners, name)(components[name], **options)


def read(conditioner: Any, *prompts: str) -> dict[str, Tensor]:
    known: dict[str, Tensor] = conditioner(Wanted(prompts, None, SIZE), guided=False)["conditional"]
    return known


def heard(known: dict[str, Tensor], row: int = 0) -> Tensor:
    """What attention with fixed queries reads of a row's text."""
    text = known["text"][row : row + 1].float()
    query = torch.linspace(-1, 1, 3 * text.shape[-1]).reshape(1, 3, -1)
    mask = known["text_mask"][row].bool() if "text_mask" in known else None
    return attention(query, text, text, attn_mask=mask)


def test_every_conditioner_is_a_card_whose_options_can_be_checked() -> None:
    cards = cards_in("diffsmith.conditioning.conditioners", Card)
    assert sorted(card.name for card in cards) == sorted(NAMES)
    for card in cards:
        assert card.summary.endswith(").")
        assert "weighting" in options_model(card.function).model_fields
    with pytest.raises(SpecError, match="clip_skip"):
        checked_options(conditioners.clip, {"clip_skip": -1}, "conditioner")


@pytest.mark.parametrize("name", NAMES)
def test_both_branches_hold_the_same_names_and_shapes(components: dict[str, Components], name: str) -> None:
    conditioner = made(components, name)
    known = conditioner(Wanted(["a cat", "b"], None, SIZE), guided=True)
    shapes = [{key: value.shape for key, value in known[branch].items()} for branch in sorted(known)]
    assert sorted(known) == ["conditional", "unconditional"]
    assert shapes[0] == shapes[1]
    assert all(len(value) == 2 and not value.requires_grad for value in known["conditional"].values())
    assert sorted(conditioner(Wanted(["a"], None, SIZE), guided=False)) == ["conditional"]


@pytest.mark.parametrize("name", LONG_READERS)
def test_the_last_of_two_hundred_words_counts(components: dict[str, Components], name: str) -> None:
    conditioner = made(components, name)
    cat, cube = read(conditioner, f"{LONG} cat"), read(conditioner, f"{LONG} cube")
    assert cat["text"].shape[1] >= 200
    assert not torch.allclose(heard(cat), heard(cube))


@pytest.mark.parametrize("name", LONG_READERS)
def test_a_prompt_means_the_same_beside_a_longer_one(components: dict[str, Components], name: str) -> None:
    conditioner = made(components, name)
    alone, beside = read(conditioner, "a cat"), read(conditioner, "a cat", LONG)
    torch.testing.assert_close(heard(alone), heard(beside), rtol=1e-5, atol=1e-5)


def test_a_long_negative_goes_with_a_short_prompt(components: dict[str, Components]) -> None:
    known = made(components, "clip")(Wanted(["a cat"], [LONG], SIZE), guided=True)
    assert known["conditional"]["text"].shape == known["unconditional"]["text"].shape == (1, 231, 32)


def test_break_starts_a_new_chunk(components: dict[str, Components]) -> None:
    conditioner = made(components, "clip")
    both = read(conditioner, "a cat BREAK a red cube")["text"]
    assert torch.equal(both, read(conditioner, "a cat", "a red cube")["text"].reshape(1, 154, -1))


@pytest.mark.parametrize("name", NAMES)
def test_a_weight_of_one_is_the_plain_prompt(components: dict[str, Components], name: str) -> None:
    conditioner = made(components, name)
    plain, weighed = read(conditioner, "a red cube"), read(conditioner, "a (red:1) cube")
    assert all(torch.equal(plain[key], weighed[key]) for key in plain)


@pytest.mark.parametrize("name", NAMES)
def test_a_heavier_word_moves_the_text_and_not_the_rest(components: dict[str, Components], name: str) -> None:
    conditioner = made(components, name)
    plain, heavy, heavier = (read(conditioner, f"a (red:{weight}) cube") for weight in (1, 1.2, 1.5))
    moved = [(each["text"] - plain["text"]).norm() for each in (heavy, heavier)]
    assert 0 < moved[0] < moved[1]
    assert all(torch.equal(plain[key], heavier[key]) for key in plain if key != "text")


@pytest.mark.parametrize("name", NAMES)
def test_without_weighting_a_prompt_is_read_as_it_stands(
    components: dict[str, Components], name: str
) -> None:
    written = read(made(components, name), r"a \(red:1.5\) cube")
    literal = read(made(components, name, weighting=False), "a (red:1.5) cube")
    assert torch.equal(written["text"], literal["text"])


def test_brackets_without_a_partner_are_read_as_they_stand(components: dict[str, Components]) -> None:
    unpaired = read(made(components, "clip"), "(a red cube")
    assert torch.equal(
        unpaired["text"], read(made(components, "clip", weighting=False), "(a red cube")["text"]
    )


@pytest.mark.parametrize("name", NAMES)
def test_equal_texts_are_read_once(components: dict[str, Components], name: str) -> None:
    conditioner = made(components, name)
    encoder = list(conditioner.encoders.values())[-1]
    with mock.patch.object(encoder, "forward", wraps=encoder.forward) as asked:
        many = conditioner(Wanted(["a cat"] * 5, ["b"] * 5, SIZE), guided=True)["conditional"]
    assert [len(call.kwargs["input_ids"]) for call in asked.call_args_list] == [2]
    assert torch.equal(many["text"], many["text"][:1].expand(5, -1, -1))


def test_many_long_prompts_are_read_a_few_chunks_at_a_time(components: dict[str, Components]) -> None:
    conditioner = made(components, "clip")
    encoder = conditioner.encoders["text_encoder"]
    with mock.patch.object(encoder, "forward", wraps=encoder.forward) as asked:
        known = read(conditioner, *(f"{LONG} {number}" for number in range(9)))
    counts = [len(call.kwargs["input_ids"]) for call in asked.call_args_list]
    assert sum(counts) == 27
    assert max(counts) == 16
    torch.testing.assert_close(known["text"][8:], read(conditioner, f"{LONG} 8")["text"])


def test_negatives_may_leave_out_layers_too(components: dict[str, Components]) -> None:
    known = made(components, "clip", clip_skip=1, negative_clip_skip=1)(
        Wanted(["a"], ["a"], SIZE), guided=True
    )
    assert torch.equal(known["conditional"]["text"], known["unconditional"]["text"])


def test_sdxl_without_a_negative_goes_away_from_nothing(components: dict[str, Components]) -> None:
    known = made(components, "sdxl")(Wanted(["a"], None, SIZE), guided=True)["unconditional"]
    assert not known["text"].any()
    assert not known["pooled"].any()
    assert known["sizes"].tolist() == [[32, 48, 0, 0, 32, 48]]


def test_encoders_are_reachable_by_their_folders_names(components: dict[str, Components]) -> None:
    encoders = {
        name: list(made(components, name).encoders) for name in ("clip", "sdxl", "sdxl_refiner", "pixart")
    }
    assert encoders == {
        "clip": ["text_encoder"],
        "sdxl": ["text_encoder", "text_encoder_2"],
        "sdxl_refiner": ["text_encoder_2"],
        "pixart": ["text_encoder"],
    }


@pytest.mark.parametrize(("name", "most"), [("clip", 2), ("sdxl", 1), ("sdxl_refiner", 1)])
def test_more_layers_than_there_are_cannot_be_left_out(
    components: dict[str, Components], name: str, most: int
) -> None:
    made(components, name, clip_skip=most)
    with pytest.raises(SpecError) as error:
        made(components, name, clip_skip=most + 1, negative_clip_skip=99)
    assert len(error.value.faults) == 2
    assert f"at most {most}" in error.value.faults[0]


def test_each_prompt_needs_its_negative(components: dict[str, Components]) -> None:
    with pytest.raises(SpecError, match="3 texts for 2 prompts"):
        made(components, "clip")(Wanted(["a", "b"], ["c"] * 3, SIZE), guided=True)


@pytest.mark.parametrize("prompt", [f"{LONG} cat", "a BREAK b"])
def test_uvit_refuses_what_it_has_no_place_for(components: dict[str, Components], prompt: str) -> None:
    with pytest.raises(SpecError, match="than the 75 tokens that this model reads"):
        read(made(components, "uvit_t2i"), "a", prompt)


@pytest.mark.parametrize("name", NAMES)
def test_weights_without_a_text_encoder_are_told(name: str) -> None:
    with pytest.raises(SpecError, match="text_encoder"):
        made(dict.fromkeys(NAMES, lambda part: None), name)


def test_a_tokenizer_of_another_model_is_told(components: dict[str, Components], texts: Path) -> None:
    def mixed(name: str) -> Any:
        found = components["clip"](name)
        if found is None or name != "text_encoder":
            return found
        table = found.tensors["embeddings.token_embedding.weight"][:500].clone()
        fewer = {**found.tensors, "embeddings.token_embedding.weight": table}
        return found._replace(config={**found.config, "vocab_size": 500}, tensors=fewer)

    with pytest.raises(FileFault, match="knows 500 tokens, its tokenizer 540"):
        conditioners.clip(mixed)


def test_pooled_text_needs_a_projection(components: dict[str, Components], tmp_path: Path) -> None:
    sdxl_texts(tmp_path)
    clip_text(width=40).save_pretrained(tmp_path / "text_encoder_2")
    with pytest.raises(FileFault, match=r"text_encoder_2: has no text_projection\.weight"):
        conditioners.sdxl(parts(tmp_path))
