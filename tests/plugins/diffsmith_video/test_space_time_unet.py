import pytest
import torch
from tests.published import stirred

from diffsmith.nn.video.light import FrameAttention, FramePixelAttention
from diffsmith_video.space_time_unet import space_time_unet

SHAPE = (1, 4, 16, 16)


def clips(*shape):
    return torch.randn(2, *(shape or SHAPE), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("patch", [1, 2, 4])
@pytest.mark.parametrize("temporal", ["none", "middle", "attending", "all"])
def test_answers_in_the_shape_of_the_clip(patch, temporal):
    network = stirred(space_time_unet(SHAPE, 10, width=8, patch=patch, attention=(-1,), temporal=temporal))
    out = network(clips(), torch.tensor(7.0), torch.tensor([1, 10]))
    assert out.shape == (2, *SHAPE)
    assert network.patch == patch
    assert network.channels == 1


def test_clips_may_be_longer_and_larger_than_those_it_was_made_for():
    network = stirred(space_time_unet(SHAPE, 10, width=8))
    longer = clips(1, 7, 24, 20)
    assert network(longer, torch.tensor(7.0), torch.tensor([1, 2])).shape == longer.shape


def test_a_frame_hears_of_the_others():
    network, x = stirred(space_time_unet(SHAPE, None, width=8, temporal="none")), clips()
    other = x.clone()
    other[:, :, 0] += 1
    changed = (network(other, torch.tensor(7.0)) - network(x, torch.tensor(7.0))).abs().amax((1, 3, 4))
    assert (changed > 1e-6).all()


@pytest.mark.parametrize(
    ("temporal", "levels", "middle"),
    [("none", 0, 0), ("middle", 0, 1), ("attending", 3, 1), ("all", 6, 1)],
)
def test_places_look_along_their_frames_where_they_are_told_to(temporal, levels, middle):
    network = space_time_unet(SHAPE, 10, width=8, attention=(1,), temporal=temporal)
    found = [type(layer) for layer in network.modules()]
    inside = [type(layer) for layer in network.mid_block.modules()]
    assert inside.count(FrameAttention) == middle
    assert found.count(FrameAttention) == levels + middle
    assert found.count(FramePixelAttention) == 3 + 1


def test_what_does_not_fit_is_told():
    with pytest.raises(ValueError, match="patch 4 does not divide frames of 18x16"):
        space_time_unet((1, 4, 18, 16), 10, patch=4)
    with pytest.raises(ValueError, match="5 levels do not fit a picture of 8x8"):
        space_time_unet(SHAPE, 10, multipliers=(1, 1, 1, 1, 1))
