from fractions import Fraction

import numpy as np
import pytest
import torch
from PIL import Image
from tests.films import CODECS, animation, counted, film, numbers, tone

from diffsmith.errors import FileFault, SpecError
from diffsmith_video.reading import in_time, read_clip
from diffsmith_video.sources import Content, Moment, lasting, moments

INDEXED = sorted(set(CODECS) - {".mpg", ".ts"})


def corner(size=(32, 64), count=4):
    """Red in the top left quarter, else black: tells which side is up."""
    frames = np.zeros((count, *size, 3), np.uint8)
    frames[:, : size[0] // 2, : size[1] // 2] = (255, 0, 0)
    return frames


def red(x):
    """(rows, columns) of the first frame, and from where to where it is red."""
    places = ((x[0, 0] > -0.3) & (x[1, 0] < 0)).nonzero()
    return tuple(x.shape[2:]), places.min(0).values.tolist(), places.max(0).values.tolist()


def noise(count=60, size=(64, 64)):
    return np.random.default_rng(0).integers(0, 255, (count, *size, 3), dtype=np.uint8)


def frames_at(times, until):
    ends = [*times[1:], until]
    return [Moment(time, end, lambda: None) for time, end in zip(times, ends, strict=True)]


def which(shown, rate):
    return [shown.index(moment) for moment in in_time(shown, rate)]


@pytest.mark.parametrize("suffix", sorted(CODECS))
def test_videos_of_every_container_are_read_whole(tmp_path, suffix):
    path = film(tmp_path / f"a{suffix}", rate=25)
    x = read_clip(path, 3)
    assert x.shape == (3, 8, 32, 64)
    assert x.dtype == torch.float32
    assert numbers(x) == [*range(8)]
    assert lasting(path) == pytest.approx(8 / 25, abs=1e-3)


@pytest.mark.parametrize("suffix", sorted(CODECS))
def test_rates_are_changed_by_the_nearest_frame(tmp_path, suffix):
    path = film(tmp_path / f"a{suffix}", rate=25)
    assert numbers(read_clip(path, 1, rate=12.5)) == [0, 2, 4, 6]
    assert numbers(read_clip(path, 1, rate=25)) == [*range(8)]
    assert numbers(read_clip(path, 1, rate=50)) == sorted([*range(8)] * 2)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_animated_pictures_are_read_with_their_times(tmp_path, suffix):
    path = animation(tmp_path / f"a{suffix}", counted(4), [100, 300, 100, 100])
    assert numbers(read_clip(path, 3)) == [0, 1, 2, 3]
    assert lasting(path) == pytest.approx(0.6)
    assert numbers(read_clip(path, 3, rate=10)) == [0, 1, 1, 2, 2, 3]


def test_frames_of_no_time_are_shown_for_a_tenth_of_a_second_as_browsers_do(tmp_path):
    assert lasting(animation(tmp_path / "a.gif", counted(4), 0)) == pytest.approx(0.4)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_frames_of_uneven_times_are_read_by_their_times(tmp_path, suffix):
    path = film(tmp_path / f"a{suffix}", counted(4), times=[0, 0.1, 0.5, 0.6])
    assert numbers(read_clip(path, 3)) == [0, 1, 2, 3]
    assert numbers(read_clip(path, 3, rate=10)) == [0, 1, 1, 1, 2, 2, 3]


def test_a_still_picture_is_a_clip_of_one_frame(tmp_path):
    Image.fromarray(counted(4)[3]).save(tmp_path / "a.jpg")
    assert numbers(read_clip(tmp_path / "a.jpg", 3, rate=8)) == [3]


@pytest.mark.parametrize("suffix", sorted(CODECS))
def test_a_part_of_a_long_clip_is_the_same_wherever_decoding_begins(tmp_path, suffix):
    path = film(tmp_path / f"a{suffix}", counted(120), rate=25, options={"g": "12"})
    assert numbers(read_clip(path, 1, rate=25, start=80, frames=4)) == [80, 81, 82, 83]
    assert numbers(read_clip(path, 1, rate=5, start=18, frames=4)) == [90, 95, 100, 105]
    assert numbers(read_clip(path, 1, start=80, frames=2)) == [80, 81]
    assert numbers(read_clip(path, 1, start=-3)) == [117, 118, 119]
    assert numbers(read_clip(path, 1, rate=5, start=-3, frames=2)) == [105, 110]


@pytest.mark.parametrize("suffix", INDEXED)
def test_where_there_is_an_index_decoding_begins_near_what_is_wanted(tmp_path, suffix):
    path = film(tmp_path / f"a{suffix}", counted(120), rate=25, options={"g": "12"})
    assert 2 < next(moments(path, since=3.0)).time <= 3


def test_frames_that_are_not_wanted_are_not_made_into_pictures(tmp_path, monkeypatch):
    from diffsmith_video.sources import videos

    made = []
    plain = videos._picture
    monkeypatch.setattr(videos, "_picture", lambda *given: made.append(given) or plain(*given))
    read_clip(film(tmp_path / "a.mp4", counted(60), rate=30), 3, rate=5, frames=4)
    assert len(made) == 4


def test_a_shorter_clip_gives_fewer_frames_and_none_is_a_fault(tmp_path):
    path = film(tmp_path / "a.mp4")
    assert read_clip(path, 3, frames=16).shape[1] == 8
    with pytest.raises(FileFault, match=r"a\.mp4: holds no frame 9, expected a longer clip"):
        read_clip(path, 3, start=9)


@pytest.mark.parametrize(
    ("fit", "size", "seen"),
    [
        ("crop", (32, 32), ([0, 0], [15, 15])),  # the middle: of the red half, a half
        ("pad", (64, 64), ([16, 0], [31, 31])),  # black above and below
        ("pad", (32, 128), ([0, 32], [15, 63])),
        ("stretch", (32, 32), ([0, 0], [15, 15])),
        ("crop", (64, 128), ([0, 0], [31, 63])),
    ],
)
def test_clips_of_another_shape_are_cut_or_filled_up(tmp_path, fit, size, seen):
    path = animation(tmp_path / "a.png", corner())
    assert red(read_clip(path, 3, size=size, fit=fit)) == (size, *seen)


def test_what_is_round_stays_round(tmp_path):
    y, x = np.mgrid[:90, :160]
    disc = ((x - 80) ** 2 + (y - 45) ** 2 < 30**2)[None, ..., None].repeat(3, -1) * np.uint8(255)
    path = animation(tmp_path / "a.png", np.concatenate([disc, disc[:, ::-1]]))
    for fit in ("crop", "pad"):
        bright = (read_clip(path, 1, size=(64, 64), fit=fit)[0, 0] > 0).nonzero()
        height, width = (bright.max(0).values - bright.min(0).values).tolist()
        assert abs(height - width) <= 1


def test_without_a_size_a_clip_keeps_its_own_cut_to_multiples_of_the_grain(tmp_path):
    path = film(tmp_path / "a.mp4", counted(4, (36, 72)))
    assert read_clip(path, 3).shape == (3, 4, 36, 72)
    assert read_clip(path, 3, grain=16).shape == (3, 4, 32, 64)
    with pytest.raises(SpecError, match=r"a\.mp4: 72x36 pixels are too few; at least 64x64"):
        read_clip(path, 3, grain=64)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize(
    ("rotation", "seen"),
    [
        (90, ((64, 32), [32, 0], [63, 15])),
        (180, ((32, 64), [16, 32], [31, 63])),
        (-90, ((64, 32), [0, 16], [31, 31])),
    ],
)
def test_clips_are_turned_upright(tmp_path, suffix, rotation, seen):
    assert red(read_clip(film(tmp_path / f"a{suffix}", corner(), rotation=rotation), 3)) == seen


def test_pixels_that_are_not_square_are_made_square(tmp_path):
    path = film(tmp_path / "a.mp4", corner(), aspect=Fraction(2))
    assert red(read_clip(path, 3)) == ((32, 128), [0, 0], [15, 63])


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_the_whole_range_of_levels_is_read_as_it_is_meant(tmp_path, suffix):
    levels = np.full((4, 32, 32, 3), 250, np.uint8)
    levels[:, :16] = 5
    x = (read_clip(film(tmp_path / f"a{suffix}", levels, full=True), 1) + 1) * 127.5
    assert x[0, 0, [4, 28], 4].tolist() == pytest.approx([5, 250], abs=3)


def transparent():
    frames = np.zeros((4, 32, 32, 4), np.uint8)
    frames[..., 0], frames[:, :16, :, 3] = 200, 255
    return frames


def on_white(path):
    x = (read_clip(path, 3) + 1) * 127.5
    return x[:, 0, [4, 28], 4].T.flatten().tolist() == pytest.approx([200, 0, 0, 255, 255, 255], abs=3)


def test_what_is_transparent_is_on_white(tmp_path):
    seen = {"alpha_mode": "1"}, {"auto-alt-ref": "0", "crf": "5", "b": "0"}
    webm = {"form": "rgba", "pixels": "yuva420p", "tags": seen[0], "options": seen[1]}
    assert on_white(film(tmp_path / "a.webm", transparent(), **webm))
    assert on_white(film(tmp_path / "a.mov", transparent(), form="rgba", pixels="argb", codec="qtrle"))
    assert on_white(animation(tmp_path / "a.webp", transparent(), lossless=True))
    assert on_white(animation(tmp_path / "a.gif", transparent()))


def test_a_folder_of_pictures_is_a_clip_in_the_order_of_their_numbers(tmp_path):
    for number, frame in enumerate(counted(12)):
        Image.fromarray(frame).save(tmp_path / f"shot{number}.png")
    (tmp_path / "notes.txt").write_text("what was filmed")
    Image.new("L", (4, 4)).save(tmp_path / ".thumbnail.png")
    assert numbers(read_clip(tmp_path, 3)) == [*range(12)]
    assert numbers(read_clip(tmp_path, 3, rate=3, start=2, frames=3)) == [2, 3, 4]
    assert lasting(tmp_path, 4) == pytest.approx(3)


def test_pictures_named_by_a_number_are_a_clip(tmp_path):
    for number, frame in enumerate(counted(12)):
        Image.fromarray(frame).save(tmp_path / f"a_{number + 3:04d}.png")
    Image.new("L", (4, 4)).save(tmp_path / "b_0001.png")
    assert numbers(read_clip(tmp_path / "a_%04d.png", 3)) == [*range(12)]
    with pytest.raises(FileFault, match=r"c_%04d\.png: there are no pictures of such names"):
        read_clip(tmp_path / "c_%04d.png", 3)


def test_the_bytes_of_a_file_are_read_as_the_file(tmp_path):
    for path in (film(tmp_path / "a.mp4"), animation(tmp_path / "a.gif", counted())):
        held = Content(path, path.read_bytes())
        assert torch.equal(read_clip(held, 3), read_clip(path, 3))
        assert lasting(held) == lasting(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.mp4", b"hello, this is text\n" * 50),
        ("zeros.mp4", bytes(10_000)),
        ("noise.webm", np.random.default_rng(1).bytes(20_000)),
        ("list.mp4", b"ffconcat version 1.0\nfile real.mp4\n"),
        ("list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nreal.mp4\n#EXT-X-ENDLIST\n"),
        ("words.srt", b"1\n00:00:00,000 --> 00:00:02,000\nhello\n\n" * 3),
        ("sheet.pdf", b"%PDF-1.4\n" + bytes(500)),
    ],
)
def test_what_is_no_clip_is_told_and_playlists_are_not_followed(tmp_path, name, content):
    film(tmp_path / "real.mp4")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileFault, match=r"is no clip that can be read \(.*\); expected a video, an animated"):
        read_clip(tmp_path / name, 3)


def test_what_is_not_there_or_empty_is_told(tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "empty").mkdir()
    for name, what in (
        ("none.mp4", "there is no such clip"),
        ("empty.mp4", "is empty, expected a clip"),
        ("empty", "holds no pictures, expected the frames of a clip"),
    ):
        with pytest.raises(FileFault, match=f"{name}: {what}"):
            read_clip(tmp_path / name, 3)
    with pytest.raises(FileFault, match="held: is empty"):
        read_clip(Content(tmp_path / "held", b""), 3)


@pytest.mark.parametrize(("name", "codec"), [("a.m4a", "aac"), ("a.wav", "pcm_s16le"), ("a.mp4", "aac")])
def test_sound_alone_is_told(tmp_path, name, codec):
    with pytest.raises(FileFault, match="holds sound and no pictures, expected a clip"):
        read_clip(tone(tmp_path / name, codec), 3)


@pytest.mark.parametrize("suffix", [".webm", ".mkv", ".avi", ".flv"])
@pytest.mark.parametrize("part", [0.3, 0.8])
def test_a_video_cut_short_is_told_once_its_end_is_wanted(tmp_path, suffix, part):
    path = film(tmp_path / f"a{suffix}", noise())
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    assert read_clip(path, 3, frames=3).shape[1] == 3
    with pytest.raises(FileFault, match=r"is cut short: it ends after [\d.]+ of 7\.5 seconds"):
        read_clip(path, 3)


@pytest.mark.parametrize("flags", ["", "+faststart"])
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_a_video_that_lost_its_index_or_what_it_points_at_is_told(tmp_path, suffix, flags):
    path = film(tmp_path / f"a{suffix}", noise(), container={"movflags": flags} if flags else {})
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(FileFault, match="is no clip that can be read"):
        read_clip(path, 3)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
@pytest.mark.parametrize("part", [0.05, 0.5, 0.9])
def test_an_animation_cut_short_is_told(tmp_path, suffix, part):
    path = animation(tmp_path / f"a{suffix}", noise(12, (32, 32)))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    with pytest.raises(FileFault, match="is damaged or cut short"):
        read_clip(path, 3)


def test_frames_are_chosen_by_their_times():
    even = frames_at([place / 16 for place in range(8)], 0.5)
    assert which(even, 16) == [*range(8)]
    assert which(even, 8) == [0, 2, 4, 6]
    assert which(even, 6) == [0, 3, 5]
    assert which(frames_at([0.0], 1.0), 4) == [0, 0, 0, 0]
    assert which(frames_at([0.0], 0.0), 4) == [0]


def test_rounded_times_neither_add_nor_lose_a_frame():
    for rate in (24, 30, 30000 / 1001, 60):
        rounded = [round(place / rate, 3) for place in range(90)]
        assert which(frames_at(rounded, round(90 / rate, 3)), rate) == [*range(90)]
