"""Prompts in chunks: nothing cut, nothing lost, and no neighbour felt."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention as attention

from diffsmith.conditioning.chunks import Window, chunks, common_length, lengthened

WINDOW = Window(begin=998, end=999, pad=0, length=7)


def numbers(text: str) -> list[int]:
    return [int(word) for word in text.split()]


def words_in(chunk: tuple[int, ...]) -> list[int]:
    return list(chunk[1 : chunk.index(999)])


@pytest.mark.parametrize(("count", "expected"), [(0, 1), (1, 1), (5, 1), (6, 2), (10, 2), (11, 3), (200, 40)])
def test_every_word_is_in_a_chunk_once_and_in_order(count: int, expected: int) -> None:
    words = list(range(1, count + 1))
    cut = chunks([[(" ".join(map(str, words)), 1.0)]], numbers, WINDOW)
    assert len(cut) == expected
    assert [word for chunk in cut for word in words_in(chunk.ids)] == words
    assert all(len(chunk.ids) == len(chunk.weights) == 7 and chunk.ids[0] == 998 for chunk in cut)
    assert cut[-1].ids[len(words_in(cut[-1].ids)) + 2 :] == (0,) * (5 - len(words_in(cut[-1].ids)))


def test_each_token_has_the_weight_of_its_piece_and_the_frame_weighs_one() -> None:
    (chunk,) = chunks([[("1 2", 1.5), ("3", 0.5)]], numbers, WINDOW)
    assert chunk.ids == (998, 1, 2, 3, 999, 0, 0)
    assert chunk.weights == (1.0, 1.5, 1.5, 0.5, 1.0, 1.0, 1.0)


def test_sections_start_new_chunks_and_empty_ones_are_none() -> None:
    cut = chunks([[("1 2", 1.0)], [("", 1.0)], [("3", 1.0)]], numbers, WINDOW)
    assert [words_in(chunk.ids) for chunk in cut] == [[1, 2], [3]]


def test_attention_reads_in_a_lengthened_text_what_it_reads_in_the_text() -> None:
    query, texts = torch.randn(1, 9, 8), [torch.randn(length, 8) for length in (7, 14, 21)]
    length = common_length(texts)
    assert length == 42
    for text, long in zip(texts, lengthened(texts, length), strict=True):
        once = attention(query, text[None], text[None])
        torch.testing.assert_close(attention(query, long[None], long[None]), once)
