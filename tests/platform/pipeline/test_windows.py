"""Clips in windows: every frame is seen, and what overlaps is blended."""

import itertools

import pytest
import torch

from diffsmith.pipeline.windows import windowed, windows
from diffsmith.specs import ContextSpec


@pytest.mark.parametrize("frames", [1, 5, 16, 17, 31, 48, 100])
@pytest.mark.parametrize("overlap", [0, 4, 15, 40])
def test_windows_cover_the_clip_and_share_what_they_shall(frames, overlap):
    seen = windows(frames, 16, overlap)
    assert {frame for window in seen for frame in window} == {*range(frames)}
    assert all(len(window) == min(frames, 16) for window in seen)
    assert all(window == [*range(window[0], window[0] + len(window))] for window in seen)
    for one, other in itertools.pairwise(seen):
        assert len({*one} & {*other}) >= min(overlap, 15)


@pytest.mark.parametrize(("frames", "length"), [(16, 16), (24, 16), (40, 16), (5, 16)])
def test_a_loop_goes_around_its_end(frames, length):
    seen = windows(frames, length, 4, loop=True)
    pairs = {(one, other) for window in seen for one, other in itertools.pairwise(window)}
    assert pairs >= {(frame, (frame + 1) % frames) for frame in range(frames)}


class Counting:
    """A network of clips that answers x and what it is told of each frame, and notes what it saw."""

    def __init__(self):
        self.seen = []

    def __call__(self, x, t, *, text, beside, camera):
        self.seen.append((x.shape[2], text, beside.shape, camera.shape))
        return x + beside + camera.sum(-1)[:, None, :, None, None]


@pytest.mark.parametrize("blend", ["flat", "pyramid"])
def test_a_network_that_minds_each_frame_alone_answers_as_in_one_go(blend):
    x, beside, camera = torch.randn(2, 3, 21, 4, 4), torch.randn(2, 3, 21, 4, 4), torch.randn(2, 21, 6)
    text, network = torch.randn(2, 7, 5), Counting()
    told = {"text": text, "beside": beside, "camera": camera}
    expected = network(x, torch.tensor(1.0), **told)
    spec = ContextSpec(length=8, overlap=3, blend=blend)
    found = windowed(network, 8, spec)(x, torch.tensor(1.0), **told)
    torch.testing.assert_close(found, expected)
    assert all(frames == 8 and shape[2] == 8 for frames, _, shape, _ in network.seen[1:])
    assert all(each is text for _, each, _, _ in network.seen)  # the same tensor, so it is read once


def test_what_is_the_same_for_all_frames_stays_as_it_is():
    x, network = torch.randn(1, 3, 20, 4, 4), Counting()
    told = {
        "text": torch.randn(1, 7, 5),
        "beside": torch.randn(1, 3, 1, 4, 4),
        "camera": torch.zeros(1, 20, 6),
    }
    windowed(network, 8, ContextSpec(length=8))(x, torch.tensor(1.0), **told)
    assert all(shape[2] == 1 for _, _, shape, _ in network.seen)


def test_frames_deep_inside_a_window_count_for_more():
    """Two windows that answer 0 and 1: between them the estimate goes from one to the other."""
    x, answers = torch.zeros(1, 1, 12, 1, 1), iter((0.0, 1.0))

    def network(x, t):
        return torch.full_like(x, next(answers))

    found = windowed(network, 8, ContextSpec(length=8, overlap=4))(x, torch.tensor(1.0)).flatten()
    assert found[:4].tolist() == [0] * 4
    assert found[8:].tolist() == [1] * 4
    assert (found.diff() >= 0).all()
    assert 0 < found[4] < found[5] < found[6] < found[7] < 1


def test_short_clips_and_pictures_are_seen_whole():
    def network(x, t):
        return x

    assert windowed(network, None, None) is network
    assert windowed(network, None, ContextSpec()) is network
    x = torch.randn(1, 2, 5, 3, 3)
    assert windowed(network, 8, ContextSpec())(x, torch.tensor(0.0)) is x
