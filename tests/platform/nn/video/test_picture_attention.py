"""Attention that reads a text and a picture: the sum of two looks, and each made once."""

import torch

from diffsmith.nn.attending import attend, seen
from diffsmith.nn.once import Once
from diffsmith.nn.video.picture_attention import TextPictureAttention

TEXT, TOKENS = torch.randn(2, 5, 6), torch.randn(2, 3, 6)


@torch.no_grad()
def test_it_is_the_sum_of_a_look_at_each():
    layer, x = TextPictureAttention(8, 2, 6), torch.randn(2, 4, 8)
    query = layer.to_q(x)
    words = attend(query, layer.to_k(TEXT), layer.to_v(TEXT), 2)
    things = attend(query, layer.to_k_ip(TOKENS), layer.to_v_ip(TOKENS), 2)
    torch.testing.assert_close(layer(x, (TEXT, TOKENS)), layer.to_out(words + things))


@torch.no_grad()
def test_one_text_and_picture_serve_all_frames_of_their_clip():
    layer, x = TextPictureAttention(8, 2, 6), torch.randn(6, 4, 8)
    repeated = tuple(each.repeat_interleave(3, dim=0) for each in (TEXT, TOKENS))
    torch.testing.assert_close(layer(x, (TEXT, TOKENS)), layer(x, repeated))


@torch.no_grad()
def test_the_mask_is_the_texts():
    layer, x = TextPictureAttention(8, 2, 6), torch.randn(2, 4, 8)
    mask = seen(torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 0]]))
    other = TEXT.clone()
    other[0, 3:], other[1, 4:] = 100.0, -100.0
    torch.testing.assert_close(layer(x, (TEXT, TOKENS), mask), layer(x, (other, TOKENS), mask))


@torch.no_grad()
def test_keys_and_values_are_made_once():
    layer, x = TextPictureAttention(8, 2, 6), torch.randn(2, 4, 8)
    plain = layer(x, (TEXT, TOKENS))
    layer.once = Once()
    for _ in range(2):
        assert torch.equal(layer(x, (TEXT, TOKENS)), plain)
    assert len(layer.once) == 2
    layer.to_v_ip.weight.zero_()
    assert not torch.equal(layer(x, (TEXT, TOKENS)), plain)
