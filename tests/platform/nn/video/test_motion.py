"""Motion modules: silent at first, then each pixel's frames hear of one another and know their places."""

import math

import pytest
import torch

from diffsmith.nn.video.motion import FrameBlock, FramePositions, MotionModule, frame_table


def module(blocks=1):
    torch.manual_seed(0)
    layer = MotionModule(16, [FrameBlock(16, 2, 6) for _ in range(blocks)], groups=4)
    torch.nn.init.normal_(layer.proj_out.weight, std=0.3)
    return layer.eval()


def test_it_begins_as_the_identity():
    layer, x = MotionModule(16, [FrameBlock(16, 2, 6)], groups=4), torch.randn(6, 16, 3, 5)
    assert torch.equal(layer(x, None, None, 3), x)


def test_a_table_has_waves_whose_sines_and_cosines_take_turns():
    table = frame_table(4, 3)
    assert table.shape == (3, 4)
    torch.testing.assert_close(table[0], torch.tensor([0.0, 1.0, 0.0, 1.0]))
    waves = [2.0, 2.0 / 100]
    expected = [wave(angle) for angle in waves for wave in (math.sin, math.cos)]
    torch.testing.assert_close(table[2], torch.tensor(expected))


def test_positions_are_kept_with_the_weights():
    assert FramePositions(8, 5).state_dict()["pe"].shape == (1, 5, 8)
    assert not list(FramePositions(8, 5).parameters())


@torch.no_grad()
def test_a_clip_does_not_hear_of_the_others():
    layer, x = module(), torch.randn(6, 16, 2, 2)
    torch.testing.assert_close(layer(x, 3)[:3], layer(x[:3], 3))


@torch.no_grad()
def test_the_order_of_frames_counts():
    layer, x = module(), torch.randn(3, 16, 2, 2)
    assert not torch.allclose(layer(x, 3).flip(0), layer(x.flip(0), 3), atol=1e-4)


@torch.no_grad()
def test_pixels_move_together_with_their_places():
    layer, x = module(2), torch.randn(6, 16, 3, 4)
    torch.testing.assert_close(layer(x.flip(2, 3), 3), layer(x, 3).flip(2, 3))


@torch.no_grad()
def test_only_the_number_of_frames_is_read_of_the_context():
    layer, x = module(), torch.randn(4, 16, 2, 2)
    assert torch.equal(layer(x, torch.randn(1, 2, 3), None, 2), layer(x, 2))


@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
@torch.no_grad()
def test_any_order_of_memory_gives_the_same(order):
    layer, x = module(), torch.randn(4, 16, 4, 5)
    torch.testing.assert_close(layer(x.contiguous(memory_format=order), 2), layer(x, 2))


def test_gradients_reach_every_weight():
    layer = module(2)
    layer(torch.randn(6, 16, 2, 2), 3).square().sum().backward()
    assert [name for name, weight in layer.named_parameters() if not weight.grad.any()] == []
