import pytest
import torch
from tests.published import stirred

from diffsmith_video.space_time_dit import space_time_dit

SHAPE = (3, 4, 16, 8)


def clips(*shape):
    return torch.randn(2, *(shape or SHAPE), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("patch", [1, 2, 4])
@pytest.mark.parametrize("blocks", ["alternating", "both"])
def test_answers_in_the_shape_of_the_clip(patch, blocks):
    network = stirred(space_time_dit(SHAPE, 10, patch=patch, depth=2, blocks=blocks))
    out = network(clips(), torch.tensor(7.0), torch.tensor([1, 10]))
    assert out.shape == (2, *SHAPE)
    assert (network.patch, network.channels) == (patch, 3)


def test_it_answers_nothing_at_first():
    network = space_time_dit(SHAPE, 10)
    assert torch.equal(network(clips(), torch.tensor(7.0)), torch.zeros(2, *SHAPE))


def test_clips_may_be_longer_and_larger_than_those_it_was_made_for():
    network = stirred(space_time_dit(SHAPE, 10, depth=2))
    longer = clips(3, 7, 20, 12)
    assert network(longer, torch.tensor(7.0), torch.tensor([1, 2])).shape == longer.shape


@pytest.mark.parametrize("blocks", ["alternating", "both"])
def test_every_place_hears_of_every_other(blocks):
    network, x = stirred(space_time_dit(SHAPE, None, depth=2, blocks=blocks)), clips()
    other = x.clone()
    other[0, :, 1, 3, 5] += 1
    changed = (network(other, torch.tensor(7.0)) - network(x, torch.tensor(7.0))).abs().amax(1)
    assert (changed[0] > 1e-7).all()
    assert not changed[1].any()


def test_the_order_of_the_frames_matters():
    network, x = stirred(space_time_dit(SHAPE, None, depth=2)), clips()
    there, here = network(x, torch.tensor(7.0)), network(x.flip(2), torch.tensor(7.0)).flip(2)
    assert not torch.allclose(here, there, atol=1e-4)


def test_a_patch_that_does_not_fit_is_told():
    with pytest.raises(ValueError, match="patch 3 does not divide"):
        space_time_dit(SHAPE, 10, patch=3)
