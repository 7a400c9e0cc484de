"""Attention: the formula, and the properties that follow from it."""

import math

import pytest
import torch
from torch import nn

from diffsmith.nn import attending
from diffsmith.nn.attending import attend, seen, using
from diffsmith.nn.attention import Attention, FusedAttention, PixelAttention
from diffsmith.nn.norms import group_norm
from diffsmith.nn.once import Once


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_attend_is_its_formula(heads):
    query, key, value = torch.randn(3, 2, 5, 8, dtype=torch.float64)
    dim = 8 // heads
    expected = [
        (q @ k.mT / math.sqrt(dim)).softmax(-1) @ v
        for q, k, v in zip(query.split(dim, 2), key.split(dim, 2), value.split(dim, 2), strict=True)
    ]
    torch.testing.assert_close(attend(query, key, value, heads), torch.cat(expected, dim=2))


def test_tokens_may_come_in_any_order():
    layer, x, order = Attention(16, 2, 8), torch.randn(2, 6, 16), torch.randperm(6)
    torch.testing.assert_close(layer(x[:, order]), layer(x)[:, order])


def test_a_context_may_have_its_own_length_and_width():
    layer = Attention(16, 2, 4, context_width=12)
    x, context = torch.randn(2, 6, 16), torch.randn(2, 3, 12)
    assert layer(x, context).shape == x.shape
    torch.testing.assert_close(layer(x, context.flip(1)), layer(x, context))
    assert not torch.allclose(layer(x, context + 1), layer(x, context))


def test_without_a_context_tokens_look_at_one_another():
    layer, x = Attention(16, 2, 8), torch.randn(2, 6, 16)
    assert torch.equal(layer(x), layer(x, x))


def test_pixel_attention_begins_as_the_identity_and_then_mixes_pixels():
    layer, x = PixelAttention(8, 2, group_norm), torch.randn(2, 8, 4, 6)
    assert torch.equal(layer(x), x)
    nn.init.normal_(layer.to_out[0].weight)
    moved = layer(x.flip(3)).flip(3)
    torch.testing.assert_close(moved, layer(x))
    assert not torch.equal(moved, x)


def test_fused_attention_is_attention_with_one_projection():
    plain, fused, x = Attention(16, 4, 4), FusedAttention(16, 4), torch.randn(2, 6, 16)
    fused.qkv.weight.data = torch.cat([plain.to_q.weight, plain.to_k.weight, plain.to_v.weight])
    fused.proj.load_state_dict(plain.to_out[0].state_dict())
    torch.testing.assert_close(fused(x), plain(x))


def scores_with(mask, query, key, value, heads):
    """The formula, written out."""
    q, k, v = (part.unflatten(2, (heads, -1)).transpose(1, 2) for part in (query, key, value))
    return ((q @ k.mT / math.sqrt(q.shape[-1]) + mask).softmax(-1) @ v).transpose(1, 2).flatten(2)


MASKS = {
    "none": (1, 1, 1, 1),
    "columns": (1, 1, 1, 7),
    "tokens": (2, 1, 1, 7),
    "heads": (1, 4, 5, 7),
    "all": (2, 4, 5, 7),
}


@pytest.mark.parametrize("shape", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize(
    ("name", "budget"),
    [("sdpa", 1), ("sliced", 1), ("sliced", 2 * 7), ("sliced", 3 * 5 * 7), ("sliced", 10**6)],
)
def test_every_backend_is_the_formula_under_every_mask(name, budget, shape, monkeypatch):
    monkeypatch.setattr(attending, "CACHED", budget)
    query, key, value = torch.randn(2, 5, 16), torch.randn(2, 7, 16), torch.randn(2, 7, 16)
    mask = torch.zeros(shape) if shape == MASKS["none"] else torch.randn(shape)
    with using(name):
        out = attend(query, key, value, 4, None if shape == MASKS["none"] else mask)
    torch.testing.assert_close(out, scores_with(mask, query, key, value, 4), rtol=1e-6, atol=1e-6)


def test_slices_give_the_same_gradients():
    parts = torch.randn(3, 2, 5, 16, dtype=torch.float64, requires_grad=True)
    grads = {}
    for name in ("sdpa", "sliced"):
        with using(name):
            (grads[name],) = torch.autograd.grad(attend(*parts, heads=4).square().sum(), parts)
    torch.testing.assert_close(grads["sliced"], grads["sdpa"])


@pytest.fixture
def two_threads():
    """As many as a computer has where tests are not run beside one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("budget", [1, 3 * 5 * 16, 10**6])
def test_a_few_tokens_in_many_rows_are_the_formula_too(budget, monkeypatch):
    monkeypatch.setattr(attending, "NEAR", budget)
    parts = torch.randn(3, 7, 5, 16, requires_grad=True)
    out, expected = attend(*parts, heads=4), scores_with(0, *parts, 4)
    torch.testing.assert_close(out, expected, rtol=1e-6, atol=1e-6)
    grads = [torch.autograd.grad(each.square().sum(), parts)[0] for each in (out, expected)]
    torch.testing.assert_close(*grads, rtol=1e-5, atol=1e-5)


def test_the_choice_ends_with_its_block_also_by_an_error():
    with pytest.raises(ZeroDivisionError), using("sliced"):
        assert attending._chosen.backend is attending.sliced
        raise ZeroDivisionError
    assert attending._chosen.backend is attending.sdpa


def test_compiled_code_follows_the_choice():
    graphs = []

    def kept(graph, _):
        graphs.append(graph.code)
        return graph

    compiled = torch.compile(lambda *parts: attend(*parts, heads=2), backend=kept)
    parts = torch.randn(3, 1, 4, 8)
    plain = compiled(*parts)
    with using("sliced"):
        sliced = compiled(*parts)
    compiled(*parts)
    torch.testing.assert_close(sliced, plain)
    assert ["scaled_dot_product" in code for code in graphs] == [True, False]


def test_unread_tokens_do_not_matter():
    x, context = torch.randn(2, 5, 16), torch.randn(2, 7, 12)
    layer, keep = Attention(16, 2, 8, context_width=12), torch.tensor([[1, 1, 1, 0, 0, 0, 0], [1] * 7])
    shorter = layer(x[:1], context[:1, :3])
    torch.testing.assert_close(layer(x, context, seen(keep))[:1], shorter)
    torch.testing.assert_close(layer(x, context, seen(keep))[1:], layer(x[1:], context[1:]))


def test_upcast_computes_scores_in_float32():
    parts = 6 * torch.randn(3, 2, 5, 16, dtype=torch.float64)
    exact = attend(*parts, heads=2)
    low = attend(*parts.bfloat16(), heads=2, upcast=True)
    assert low.dtype == torch.bfloat16
    rounded = attend(*parts.bfloat16().double(), heads=2)
    torch.testing.assert_close(low.double(), rounded, rtol=2**-7, atol=1e-6)
    torch.testing.assert_close(low.double(), exact, rtol=0.1, atol=0.3)


def test_queries_and_keys_may_be_normed_in_each_head():
    layer, x = Attention(16, 2, 8, qk_norm=nn.LayerNorm), torch.randn(1, 3, 16)
    first = layer(x)
    layer.to_q.weight.data *= 5
    layer.to_k.weight.data *= 7
    torch.testing.assert_close(layer(x), first, rtol=1e-3, atol=1e-4)


@torch.no_grad()
def test_keys_and_values_of_a_context_are_computed_once_and_right_in_every_batch():
    layer, plain = Attention(16, 2, 8, context_width=12), Attention(16, 2, 8, context_width=12)
    plain.load_state_dict(layer.state_dict())
    layer.once, calls = Once(), []
    layer.to_k.register_forward_hook(lambda *_: calls.append(1))
    guided, alone = torch.randn(4, 7, 12), torch.randn(2, 7, 12)
    for step in range(3):
        for context in (guided, alone):
            x = torch.randn(len(context), 5, 16)
            assert torch.equal(layer(x, context), plain(x, context)), step
    assert len(calls) == 2
    x = torch.randn(2, 5, 16)
    layer.to_v.weight.mul_(2)
    assert not torch.equal(layer(x, alone), plain(x, alone))
    assert len(calls) == 3
