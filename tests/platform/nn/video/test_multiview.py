"""Views of one thing: all pixels as one sequence, or the same place in each; their order means nothing."""

import pytest
import torch

from diffsmith.nn.transformer import CrossAttentionBlock
from diffsmith.nn.video.multiview import CrossViewBlock, JointTransformer


def stirred(layer):
    with torch.no_grad():
        for weight in layer.parameters():
            weight.add_(0.2 * torch.randn_like(weight))
    return layer.eval()


def joint(*, linear=True):
    torch.manual_seed(0)
    return stirred(JointTransformer(16, [CrossAttentionBlock(16, 2, 6)], groups=4, linear=linear))


def across():
    torch.manual_seed(0)
    return stirred(CrossViewBlock(16, 2, 6, 5))


X = torch.randn(6, 16, 2, 4, generator=torch.Generator().manual_seed(1))  # two things, three views
TOKENS = torch.randn(6, 7, 16, generator=torch.Generator().manual_seed(2))
TEXT = torch.randn(2, 3, 6, generator=torch.Generator().manual_seed(3))
IMAGE = torch.randn(2, 9, 5, generator=torch.Generator().manual_seed(4))
ORDER = torch.tensor([1, 2, 0, 4, 5, 3])


@pytest.mark.parametrize("linear", [False, True])
@torch.no_grad()
def test_jointly_every_pixel_of_a_thing_hears_of_all_its_views(linear):
    layer = joint(linear=linear)
    changed = X.clone()
    changed[2] *= -1
    moved = (layer(changed, TEXT, None, 3) - layer(X, TEXT, None, 3)).abs().amax((1, 2, 3))
    assert (moved[:3] > 1e-5).all()
    assert (moved[3:] == 0).all()


@torch.no_grad()
def test_jointly_one_view_is_a_picture():
    from diffsmith.nn.spatial_transformer import SpatialTransformer

    layer = joint()
    plain = SpatialTransformer(16, [CrossAttentionBlock(16, 2, 6)], groups=4, linear=True).eval()
    plain.load_state_dict(layer.state_dict())
    text = TEXT.repeat_interleave(3, dim=0)
    torch.testing.assert_close(layer(X, text, None, 1), plain(X, text, None))


@torch.no_grad()
def test_the_order_of_views_means_nothing():
    layer, block = joint(), across()
    torch.testing.assert_close(layer(X[ORDER], TEXT, None, 3), layer(X, TEXT, None, 3)[ORDER])
    told = (TEXT, None, IMAGE, 3)
    torch.testing.assert_close(block(TOKENS[ORDER], *told), block(TOKENS, *told)[ORDER])


@torch.no_grad()
def test_across_views_a_place_hears_of_the_same_place_alone():
    block = across()
    silence(block.attn1)  # which looks at the other places of a view
    changed = TOKENS.clone()
    changed[2, 4] *= -1
    moved = (block(changed, TEXT, None, None, 3) - block(TOKENS, TEXT, None, None, 3)).abs().amax(2)
    assert (moved[:3, 4] > 1e-5).all()
    assert moved[:3, [0, 1, 2, 3, 5, 6]].eq(0).all()
    assert moved[3:].eq(0).all()


@torch.no_grad()
def test_without_what_looks_across_each_view_is_alone():
    block = across()
    silence(block.attn_cv)
    alone = block(TOKENS, TEXT.repeat_interleave(3, 0), None, IMAGE.repeat_interleave(3, 0), 1)
    torch.testing.assert_close(block(TOKENS, TEXT, None, IMAGE, 3), alone)


@torch.no_grad()
def test_without_a_picture_nothing_looks_at_it():
    block = across()
    silence(block.attn_ip)
    assert torch.equal(block(TOKENS, TEXT, None, IMAGE, 3), block(TOKENS, TEXT, None, None, 3))


@torch.no_grad()
def test_a_picture_may_be_each_views_own():
    block, each = across(), IMAGE.repeat_interleave(3, dim=0)
    torch.testing.assert_close(block(TOKENS, TEXT, None, each, 3), block(TOKENS, TEXT, None, IMAGE, 3))
    assert not torch.allclose(block(TOKENS, TEXT, None, -IMAGE, 3), block(TOKENS, TEXT, None, IMAGE, 3))


@torch.no_grad()
def test_it_begins_as_the_block_of_single_pictures():
    block, plain = CrossViewBlock(16, 2, 6, 5), CrossAttentionBlock(16, 2, 6)
    plain.load_state_dict({name: block.state_dict()[name] for name in plain.state_dict()})
    torch.testing.assert_close(
        block(TOKENS, TEXT, None, IMAGE, 3), plain(TOKENS, TEXT.repeat_interleave(3, dim=0))
    )


def silence(attention):
    for weight in attention.to_out.parameters():
        weight.zero_()
