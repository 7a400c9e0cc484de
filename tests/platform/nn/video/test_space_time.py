import pytest
import torch
from tests.published import stirred

from diffsmith.nn.video.space_time import SpaceTimeBlock, along_frames, within_frames

FRAMES, PLACES, WIDTH = 3, 4, 16


def tokens(seed=0):
    return torch.randn(2, FRAMES * PLACES, WIDTH, generator=torch.Generator().manual_seed(seed))


def heard(axes):
    """Which tokens [F, N] hear of the second clip's token 1 of frame 2, by a difference of their answers."""
    block, x, emb = stirred(SpaceTimeBlock(2, 8, axes)), tokens(), torch.randn(2, WIDTH)
    other = x.clone()
    other[1, 2 * PLACES + 1] += torch.arange(WIDTH)  # a norm takes away what is even
    changed = (block(other, emb, FRAMES) - block(x, emb, FRAMES)).abs().amax(2) > 1e-6
    assert not changed[0].any()
    return changed[1].view(FRAMES, PLACES)


def test_attention_within_frames_hears_its_frame():
    wanted = torch.zeros(FRAMES, PLACES, dtype=torch.bool)
    wanted[2] = True
    assert torch.equal(heard((within_frames,)), wanted)


def test_attention_along_frames_hears_its_place():
    wanted = torch.zeros(FRAMES, PLACES, dtype=torch.bool)
    wanted[:, 1] = True
    assert torch.equal(heard((along_frames,)), wanted)


def test_both_hear_the_whole_clip():
    assert heard((within_frames, along_frames)).all()


@pytest.mark.parametrize("axis", [within_frames, along_frames])
def test_tokens_come_back_to_their_places(axis):
    assert torch.equal(axis(lambda rows: rows * 2, tokens(), FRAMES), tokens() * 2)


def test_a_block_is_silent_at_first_and_each_branch_has_its_gate():
    block, x, emb = SpaceTimeBlock(2, 8, (within_frames, along_frames)), tokens(), torch.randn(2, WIDTH)
    assert torch.equal(block(x, emb, FRAMES), x)
    assert block.modulation.linear.out_features == 3 * 3 * WIDTH
