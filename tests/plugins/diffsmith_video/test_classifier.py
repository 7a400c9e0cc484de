import pytest
import torch

from diffsmith_video.classifier import CLIPS


@pytest.mark.parametrize("shape", [(1, 8, 16, 16), (3, 1, 28, 28), (3, 5, 20, 33), (3, 16, 64, 64)])
def test_every_size_of_clip_fits(shape):
    network = CLIPS.build(shape, 5)
    assert network(torch.randn(2, *shape)).shape == (2, 5)


def test_what_it_sees_depends_on_the_order_of_the_frames():
    torch.manual_seed(0)
    network, x = CLIPS.build((1, 6, 8, 8), 5), torch.randn(2, 1, 6, 8, 8)
    assert not torch.allclose(network(x), network(x[:, :, [0, 2, 1, 3, 4, 5]]), atol=1e-4)


def test_without_labels_rotations_and_ways_of_playing_are_told_apart():
    clip = torch.randn(3, 5, 8, 8)
    views = CLIPS.views((3, 5, 8, 8), None)
    seen = [view(clip) for view in views]
    assert len(seen) == 4 * 4
    assert len({x.contiguous().numpy().tobytes() for x in seen}) == 16
    forwards, backwards, still, muddled = seen[:4]
    assert torch.equal(forwards, clip)
    assert torch.equal(backwards, clip.flip(1))
    assert torch.equal(still, clip[:, :1].expand(3, 5, 8, 8))
    assert sorted(frame.tolist() for frame in muddled[0]) == sorted(frame.tolist() for frame in clip[0])
    assert torch.equal(seen[4], clip.rot90(1, (-2, -1)))
    assert len(CLIPS.views((3, 5, 8, 12), None)) == 2 * 4


def test_labelled_clips_are_shown_still_and_muddled_too():
    clip = torch.randn(1, 5, 8, 8)
    as_it_is, still, muddled = (view(clip) for view in CLIPS.views((1, 5, 8, 8), torch.tensor([1, 2])))
    assert torch.equal(as_it_is, clip)
    assert torch.equal(still, clip[:, :1].expand(1, 5, 8, 8))
    assert not torch.equal(muddled, clip)


def test_all_frames_of_a_clip_are_moved_by_the_same_way():
    torch.manual_seed(0)
    still = torch.randn(2, 3, 1, 8, 8).expand(2, 3, 4, 8, 8)
    moved = CLIPS.moved(still)
    assert moved.shape == still.shape
    assert torch.equal(moved, moved[:, :, :1].expand_as(moved))
