"""Clips: how long they are, what they begin from, what they go between, and how they are decoded."""

import numpy as np
import pytest
import torch
from PIL import Image

from diffsmith.errors import SpecError
from diffsmith.pipeline import request_of
from diffsmith.pipeline.known import known

from .untrained import made

SHAPE = (1, 4, 8, 8)
TINY = {"name": "space_time_unet", "width": 8, "multipliers": [1], "patch": 2}


def clips(steps=3, fps=None, **parts):
    """A pipeline of clips around an untrained network."""
    model = TINY if fps is None else {**TINY, "fps": fps}
    return made(classes=3, shape=SHAPE, model=model, steps=steps, **parts)


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Six frames of 8 by 8 pixels, each of one grey."""
    folder = tmp_path_factory.mktemp("shown")
    for number in range(6):
        Image.fromarray(np.full((8, 8), 40 * number, dtype=np.uint8)).save(folder / f"{number:04}.png")
    return folder


def grey(sample, frame):
    """The mean grey of a frame, 0 to 255."""
    return sample.data[frame].float().mean().item()


def test_a_clip_is_as_long_as_is_asked_and_knows_its_speed():
    pipeline = clips()
    for frames in (None, 1, 3, 7):
        (sample,) = pipeline.generate(labels=1, frames=frames)
        assert sample.data.shape == (frames or 4, 8, 8, 1)
        assert sample.data.dtype == torch.uint8
    assert pipeline.generate(labels=1)[0].rate == 8
    assert pipeline.generate(labels=1, fps=12)[0].rate == 12
    assert clips(fps=5.0).generate()[0].rate == 5


def test_a_sample_depends_on_its_seed_alone():
    pipeline = clips()
    together = pipeline.generate(labels=[1, 2], seeds=[5, 6])
    for sample, label, seed in zip(together, (1, 2), (5, 6), strict=True):
        alone = pipeline.generate(labels=label, seed=seed)[0]
        assert (sample.data.int() - alone.data.int()).abs().max() <= 1


def test_a_clip_to_begin_from(shown):
    pipeline = clips(steps=10)
    (near,) = pipeline.generate(labels=1, video=shown, strength=0.1, frames=4)
    (far,) = pipeline.generate(labels=1, video=shown, strength=0.9, frames=4)
    away = [abs(grey(each, 3) - 120) for each in (near, far)]
    assert away[0] < away[1]


@pytest.mark.parametrize("scheduler", ["ddim", "dpmpp_2m", "euler_ancestral", "lcm"])
def test_pictures_stand_where_they_shall(shown, scheduler):
    pictures = [shown / "0001.png", shown / "0005.png", shown / "0003.png"]
    (sample,) = clips(scheduler=scheduler).generate(labels=1, between=pictures, frames=7)
    assert [round(grey(sample, frame)) for frame in (0, 3, 6)] == [40, 200, 120]
    others = {round(grey(sample, frame)) for frame in (1, 2, 4, 5)}
    assert not others & {40, 200, 120}


def test_frames_between_pictures_by_their_own_name(shown):
    pictures = [shown / "0001.png", shown / "0005.png"]
    (sample,) = clips().interpolate_frames(pictures, labels=1, frames=5)
    (same,) = clips().generate(labels=1, between=pictures, frames=5)
    assert torch.equal(sample.data, same.data)
    assert [round(grey(sample, frame)) for frame in (0, 4)] == [40, 200]


def test_a_picture_is_the_first_frame_or_what_a_clip_begins_from(shown):
    pipeline, picture = clips(steps=10), shown / "0004.png"
    (first,) = pipeline.generate(labels=1, image=picture)
    assert round(grey(first, 0)) == 160
    (still,) = pipeline.generate(labels=1, image=picture, strength=0.1)
    assert all(abs(grey(still, frame) - 160) < 60 for frame in range(4))


def test_a_clip_goes_on(shown):
    (sample,) = clips().generate(labels=1, extend=shown, keep=2, frames=5)
    assert sample.data.shape[0] == 6 + 5 - 2
    assert [round(grey(sample, frame)) for frame in range(6)] == [0, 40, 80, 120, 160, 200]


def test_longer_clips_in_windows_and_loops(shown):
    whole = clips().generate(labels=1, frames=9)[0]
    windowed = clips(context={"length": 4, "overlap": 2}).generate(labels=1, frames=9)[0]
    assert windowed.data.shape == whole.data.shape
    assert not torch.equal(windowed.data, whole.data)
    around = clips(context={"loop": True}).generate(labels=1, frames=4)[0]
    assert around.data.shape == (4, 8, 8, 1)


def test_the_walk_again_keeps_its_slow_motion():
    plain, again = clips(), clips(freeinit={"iterations": 3})
    request = request_of(labels=1, seed=2)
    assert again.steps(request) == 3 * plain.steps(request) == len([*again.frames(request)])
    one, other = plain.generate(request)[0], again.generate(request)[0]
    assert other.denoiser_calls == 3 * one.denoiser_calls
    assert not torch.equal(one.data, other.data)
    kept = clips(freeinit={"iterations": 1}).generate(request)[0]
    assert torch.equal(kept.data, one.data)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"video": "x.mp4", "extend": "y.mp4"}, "^video and extend: a clip begins in one way"),
        ({"extend": "SHOWN", "keep": 4}, "^keep: 4 of 4 frames leaves nothing to make"),
        ({"extend": "SHOWN", "keep": 7, "frames": 9}, "^keep: .* has 6 frames, not 7; keep as many or fewer"),
        ({"between": ["SHOWN/0000.png"] * 5}, "^between: 5 pictures do not fit into 4 frames"),
        ({"video": "SHOWN", "frames": 9}, "^frames: .* has 6 frames, and 9 are asked for"),
        ({"frames": 0}, "^frames: "),
        ({"fps": 0}, "^fps: "),
    ],
)
def test_what_cannot_be_is_told(shown, asked, told):
    def place(value):
        return (
            [place(each) for each in value]
            if isinstance(value, list)
            else str(value).replace("SHOWN", str(shown))
        )

    given = {name: value if isinstance(value, int) else place(value) for name, value in asked.items()}
    with pytest.raises(SpecError, match=told):
        clips().generate(labels=1, **given)


def test_pictures_know_no_clips(shown):
    with pytest.raises(SpecError, match=r"^frames, video: unet makes no clips; leave it out"):
        made().generate(labels=1, frames=4, video=shown)
    with pytest.raises(SpecError, match="freeinit: walks from noise"):
        clips(freeinit={}).generate(labels=1, video=shown, strength=0.5)


def test_places_of_what_is_known(shown):
    pipeline = clips()
    found = known(pipeline, request_of(labels=1, between=[shown / "0000.png", shown / "0005.png"], frames=6))
    assert found.places.flatten().tolist() == [0, 1, 1, 1, 1, 0]
    assert found.x.shape == (1, 1, 6, 8, 8)
    found = known(pipeline, request_of(labels=1, extend=shown, keep=3))
    assert found.places.flatten().tolist() == [0, 0, 0, 1]
