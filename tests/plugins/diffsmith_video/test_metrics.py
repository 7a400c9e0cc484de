import math

import pytest
import torch

from diffsmith.data import Split
from diffsmith.errors import DiffsmithError
from diffsmith.metrics import Reference
from diffsmith.metrics.distances import frechet
from diffsmith_video.metrics.compared import apart
from diffsmith_video.metrics.distances import frechet_video, kid_video
from diffsmith_video.metrics.frames import frame_consistency, frame_frechet
from diffsmith_video.metrics.motion import flicker, motion
from diffsmith_video.metrics.neighbours import coverage_video

LESS = {
    metric.__name__: metric
    for metric in (frechet_video, kid_video, frame_frechet, frame_consistency, flicker, motion)
}
ALL = {**LESS, "coverage_video": coverage_video}


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def against(real, embed=lambda x: x.flatten(1)):
    return Reference(Split(real, None), embed)


def sliding(speed, frames=6, size=32):
    """A picture of smooth waves that slides to the right by so many pixels a frame: [1, 1, F, H, W]."""
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    clip = [
        torch.sin(0.5 * (x - speed * frame)) * torch.cos(0.4 * y) + torch.sin(0.3 * (x - speed * frame) + 1)
        for frame in range(frames)
    ]
    return torch.stack(clip)[None, None] / 2


@pytest.mark.parametrize("name", LESS)
def test_real_clips_score_better_than_noise(name, moving_digits, embed):
    real = Reference(moving_digits.test, embed)
    good = LESS[name](moving_digits.train.x[:256], real)
    noise = LESS[name](normal(256, *moving_digits.shape).clamp(-1, 1), real)
    assert noise > 20 * abs(good)


@pytest.mark.parametrize("name", ["frechet_video", "kid_video", "frame_consistency", "flicker", "motion"])
def test_clips_that_stand_still_or_are_muddled_score_worse(name, moving_digits, embed):
    real, clips = Reference(moving_digits.test, embed), moving_digits.train.x[:256]
    good = ALL[name](clips, real)
    assert ALL[name](clips[:, :, :1].expand_as(clips), real) > 2 * abs(good)
    assert ALL[name](clips[:, :, [3, 6, 1, 4, 7, 0, 5, 2]], real) > 2 * abs(good)


def test_one_class_alone_covers_little(moving_digits, embed):
    real, clips = Reference(moving_digits.test, embed), moving_digits.train
    assert coverage_video(clips.x[clips.label == 3], real) < coverage_video(clips.x[:120], real) / 2


def test_frames_are_compared_one_by_one():
    ours, real = normal(5, 1, 3, 2, 2), normal(7, 1, 3, 2, 2, seed=1)
    flat = [clips.movedim(2, 1).flatten(0, 1) for clips in (ours, real)]
    score = frame_frechet(ours, against(real))
    assert score == pytest.approx(frechet(flat[0], against(flat[1])))
    assert score == pytest.approx(frame_frechet(ours[:, :, [2, 0, 1]], against(real)))


def test_consistency_is_the_difference_of_cosines():
    # Frames as features: the first clip's are alike, the second's turn by a right angle.
    alike, turning = torch.tensor([[[1.0, 0.0], [2.0, 0.0]], [[0.0, 1.0], [3.0, 0.0]]]).view(2, 1, 1, 2, 1, 2)
    assert frame_consistency(alike, against(alike)) == 0
    assert frame_consistency(alike, against(turning)) == pytest.approx(1)
    assert frame_consistency(turning, against(torch.cat([alike, turning]))) == pytest.approx(0.5)


def test_flicker_is_the_second_difference():
    even, uneven = torch.tensor([0.0, 0.3, 0.6]), torch.tensor([0.0, 0.5, 0.0])
    clips = [row.view(1, 1, 3, 1, 1).expand(2, 3, 3, 4, 4) for row in (even, uneven)]
    assert flicker(clips[1], against(clips[0])) == pytest.approx(1)
    assert flicker(clips[0] + 0.2, against(clips[0])) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_motion_is_in_pixels_a_frame(speed):
    assert motion(sliding(speed), against(sliding(0.0))) == pytest.approx(speed, rel=0.15)
    assert motion(sliding(speed).expand(2, 3, -1, -1, -1), against(sliding(speed))) == 0


def test_numbers_lie_apart_by_how_far_one_has_to_be_moved():
    one, other = torch.tensor([0.0, 1.0, 3.0]), torch.tensor([5.0, 6.0, 8.0])
    assert apart(one, other) == pytest.approx(5)
    assert apart(one, one[[2, 0, 1]]) == 0
    assert apart(torch.tensor([0.0, 2.0]), torch.tensor([1.0])) == pytest.approx(1)  # the spread counts


@pytest.mark.parametrize("name", ALL)
def test_scores_are_repeatable_and_leave_inputs_alone(name, moving_digits, embed):
    x = moving_digits.train.x[:60].clone()
    first = ALL[name](x, Reference(moving_digits.validation, embed))
    assert ALL[name](x, Reference(moving_digits.validation, embed)) == first
    assert torch.equal(x, moving_digits.train.x[:60])
    assert isinstance(first, float)


@pytest.mark.parametrize("name", ALL)
def test_samples_that_cannot_be_scored_are_told(name):
    rows = normal(20, 1, 4, 2, 2)
    broken = rows.clone()
    broken[3, 0, 0, 0, 0] = math.nan
    with pytest.raises(DiffsmithError, match="1 of 20 samples hold NaN"):
        ALL[name](broken, against(rows))
    with pytest.raises(DiffsmithError, match=r"needs at least \d samples, got 0"):
        ALL[name](rows[:0], against(rows))


@pytest.mark.parametrize(("name", "frames"), [("frame_consistency", 2), ("motion", 2), ("flicker", 3)])
def test_clips_too_short_to_change_are_told(name, frames):
    clips, short = normal(9, 1, frames, 8, 8), normal(9, 1, frames - 1, 8, 8)
    assert math.isfinite(ALL[name](clips, against(clips)))
    with pytest.raises(DiffsmithError, match=f"samples of at least {frames} frames, got {frames - 1}"):
        ALL[name](short, against(clips))
    with pytest.raises(DiffsmithError, match=f"real clips of at least {frames} frames, got {frames - 1}"):
        ALL[name](clips, against(short))
