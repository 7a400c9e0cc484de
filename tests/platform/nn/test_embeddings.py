"""Embeddings: the formula, and what tells one number or class from another."""

import math

import pytest
import torch
from torch import nn

from diffsmith.nn.embeddings import TimestepEmbedding, class_vectors, guidance_waves, sinusoid


def test_a_sinusoid_is_its_formula():
    t, half = 12.5, 4
    frequencies = [math.exp(-math.log(10_000) * i / half) for i in range(half)]
    expected = [f(t * w) for f in (math.cos, math.sin) for w in frequencies]
    assert sinusoid(torch.tensor([t]), 2 * half)[0].tolist() == pytest.approx(expected, abs=1e-6)


def test_shift_makes_the_last_frequency_the_longest_period():
    waves = sinusoid(torch.tensor([3.0], dtype=torch.float64), 8, shift=1, max_period=100)
    assert waves[0, [3, 7]].tolist() == pytest.approx([math.cos(0.03), math.sin(0.03)])


def test_flip_swaps_the_halves():
    t = torch.rand(5) * 1000
    assert torch.equal(sinusoid(t, 16).roll(8, 1), sinusoid(t, 16, flip=False))


@pytest.mark.parametrize("dtype", [torch.int64, torch.float16, torch.float32, torch.float64])
def test_a_sinusoid_is_never_computed_below_single_precision(dtype):
    waves = sinusoid(torch.tensor([999], dtype=dtype), 32)
    assert waves.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    torch.testing.assert_close(
        waves.double(), sinusoid(torch.tensor([999.0]).double(), 32), rtol=0, atol=1e-3
    )


def test_no_label_is_the_last_class():
    table = nn.Embedding(4, 8)
    assert torch.equal(class_vectors(table, None, 2), class_vectors(table, torch.tensor([3, 3]), 2))
    assert not torch.equal(class_vectors(table, None, 1), class_vectors(table, torch.tensor([2]), 1))


def test_a_timestep_embedding_widens():
    assert TimestepEmbedding(8, 32)(torch.randn(3, 8)).shape == (3, 32)


def test_guidance_is_a_sinusoid_of_a_thousand_times_what_exceeds_one():
    scale = torch.tensor([1.0, 1.5, 3.25])
    expected = sinusoid(1000 * (scale - 1), 16, flip=False, shift=1)
    torch.testing.assert_close(guidance_waves(scale, 16), expected, rtol=0, atol=1e-3)


def test_a_timestep_embedding_reads_guidance_where_it_was_made_to():
    waves, guidance = torch.randn(3, 8), torch.randn(3, 4)
    embedding = TimestepEmbedding(8, 32, guidance=4)
    told = embedding(waves, guidance)
    torch.testing.assert_close(told, embedding(waves + guidance @ embedding.cond_proj.weight.mT))
    assert not torch.allclose(told, embedding(waves))
