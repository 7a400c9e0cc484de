import json
from dataclasses import replace
from fractions import Fraction

import av
import pytest
import torch
from PIL import Image

from diffsmith.errors import FileFault, SpecError
from diffsmith.samples import Sample, load_sample, save_sheet
from diffsmith_video.modality import Video

VIDEO = Video()
MOVING = (".mp4", ".webm", ".gif")
SPEC = {"model": {"name": "unet3d", "note": "Größe 漢字 🎬"}}


def sample(data, seed=3, label=None, spec=SPEC, **asked):
    return Sample(data, VIDEO, spec, seed, label, asked=asked)


def random_clip(*shape):
    return torch.randint(256, shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def smooth(frames=8, height=24, width=32, channels=3):
    """Slow waves of colour: what a codec keeps well."""
    f, y, x = torch.meshgrid(*(torch.arange(float(n)) for n in (frames, height, width)), indexing="ij")
    waves = [128 + 90 * torch.sin(x / (6 + c) + y / 9 + f / 4 + c) for c in range(channels)]
    return torch.stack(waves, -1).round().to(torch.uint8)


def read(path, **wanted):
    return VIDEO.decode(VIDEO.read_clip(path, 3, **wanted)[None])[0]


def held(path):
    """(frames, width, height, frames a second, codec) of a video file."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        frames = list(file.decode(stream))
        return len(frames), stream.width, stream.height, stream.average_rate, stream.codec_context.name


def test_every_8_bit_value_survives_encoding_and_decoding():
    data = torch.arange(256, dtype=torch.uint8).view(1, 4, 8, 8, 1).expand(2, -1, -1, -1, 3)
    x = VIDEO.encode(data)
    assert x.shape == (2, 3, 4, 8, 8)
    assert (x.min(), x.max()) == (-1, 1)
    assert torch.equal(VIDEO.decode(x), data)


def test_decoding_clips_and_rounds():
    x = torch.tensor([-9.0, -1.0, 0.0, 0.9999, float("nan")]).view(1, 1, 1, 1, 5)
    assert VIDEO.decode(x).flatten().tolist() == [0, 0, 128, 255, 128]


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.gif", "a.png", "a_%04d.png"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_format_holds_its_facts_however_long(tmp_path, name, channels):
    facts = {
        "diffsmith": json.dumps({"spec": SPEC, "text": "ü" * 100_000}, ensure_ascii=False),
        "who": "é\n€",
    }
    path = tmp_path / name
    VIDEO.write(random_clip(3, 16, 16, channels), path, facts)
    assert VIDEO.facts(path) == facts


@pytest.mark.parametrize("suffix", [*MOVING, ".png"])
def test_a_saved_sample_tells_how_it_was_made(tmp_path, suffix):
    path = sample(random_clip(3, 16, 16, 3), seed=5, label=2, prompt="ein Käfer").save(
        tmp_path / f"b/a{suffix}"
    )
    made = json.loads(VIDEO.facts(path)["diffsmith"])
    assert (made["spec"], made["seed"], made["label"], made["prompt"]) == (SPEC, 5, 2, "ein Käfer")
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize("rate", [None, 8, 24, 7.5, 29.97, 30000 / 1001])
def test_videos_play_at_their_rate(tmp_path, suffix, rate):
    VIDEO.write(smooth(), tmp_path / f"a{suffix}", {}, rate)
    frames, *_, found, codec = held(tmp_path / f"a{suffix}")
    assert frames == 8
    assert codec == {".mp4": "h264", ".webm": "vp9"}[suffix]
    assert float(found) == pytest.approx(rate or 8, rel=2e-3)


@pytest.mark.parametrize(("rate", "apart"), [(8, [120, 130, 120, 130] * 2), (25, [40] * 8), (200, [20] * 8)])
def test_gifs_play_at_their_rate_to_a_hundredth_of_a_second(tmp_path, rate, apart):
    VIDEO.write(smooth(), tmp_path / "a.gif", {}, rate)
    with Image.open(tmp_path / "a.gif") as image:
        times = [image.seek(number) or image.info["duration"] for number in range(image.n_frames)]
        assert image.info["loop"] == 0
    assert times == apart or sum(times) == sum(apart)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((16, 16), (128, 128)),
        ((17, 23), (136, 184)),
        ((45, 45), (136, 136)),  # three times 45 is odd
        ((129, 131), (130, 132)),
        ((256, 130), (256, 130)),
        ((8, 512), (16, 1024)),
    ],
)
def test_small_clips_are_enlarged_and_odd_sides_made_even(tmp_path, suffix, size, shown):
    VIDEO.write(random_clip(2, *size, 3), tmp_path / f"a{suffix}", {})
    assert held(tmp_path / f"a{suffix}")[1:3] == shown[::-1]


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize(("height", "width"), [(24, 32), (48, 47), (160, 200)])
@pytest.mark.parametrize("channels", [1, 3])
def test_videos_look_like_what_they_were_made_of(tmp_path, suffix, height, width, channels):
    data = smooth(8, height, width, channels)
    path = sample(data).save(tmp_path / f"a{suffix}")
    apart = (read(path, size=(height, width)).float() - data.float()).abs()
    assert apart.mean() < 1.5
    assert apart.quantile(0.99) < 6


@pytest.mark.parametrize(("suffix", "most"), [(".gif", 0), (".mp4", 2), (".webm", 2)])
def test_small_clips_are_read_back_as_they_were_before_they_were_enlarged(tmp_path, suffix, most):
    data = random_clip(8, 16, 16, 1)
    path = sample(data).save(tmp_path / f"a{suffix}")
    assert read(path).shape == (8, 128, 128, 3)
    assert (read(path, size=(16, 16)).float() - data.float()).abs().mean() <= most


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_colours_are_those_of_the_tags_that_players_read(tmp_path, suffix):
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 100, 50), (255, 255, 255), (0, 0, 0)]
    data = torch.tensor(colours, dtype=torch.uint8).view(6, 1, 1, 3).expand(-1, 128, 128, -1)
    path = sample(data).save(tmp_path / f"a{suffix}")
    assert (read(path)[:, 64, 64].int() - data[:, 64, 64].int()).abs().max() <= 3
    with av.open(str(path)) as file:
        frame = next(file.decode(video=0))
        assert (frame.colorspace, frame.color_range) == (1, 1)  # BT.709, its narrow range
        assert frame.format.name == "yuv420p"


def test_gifs_keep_grey_and_few_colours_exactly(tmp_path):
    for data in (random_clip(6, 16, 16, 1), random_clip(6, 16, 16, 3) // 128 * 255):
        path = sample(data).save(tmp_path / "a.gif")
        with Image.open(path) as image:
            assert image.size == (128, 128)
        assert torch.equal(read(path)[:, ::8, ::8], data.expand(-1, -1, -1, 3))


def test_gifs_of_many_colours_are_nearly_as_they_were(tmp_path):
    data = smooth(16, 96, 128)
    path = sample(data).save(tmp_path / "a.gif")
    assert (read(path, size=(96, 128)).float() - data.float()).abs().mean() < 6


@pytest.mark.parametrize("suffix", MOVING)
def test_a_clip_that_stands_still_keeps_its_time(tmp_path, suffix):
    path = sample(random_clip(1, 16, 16, 1).expand(8, -1, -1, -1)).save(tmp_path / f"a{suffix}")
    assert read(path, rate=8).shape[0] == 8


def test_one_frame_is_a_clip(tmp_path):
    for suffix in (*MOVING, ".png"):
        assert sample(smooth(1)).save(tmp_path / f"a{suffix}").stat().st_size > 0


@pytest.mark.parametrize(("frames", "size"), [(3, (3 * 98 - 2, 96)), (8, (782, 96)), (11, (782, 194))])
def test_a_picture_shows_all_frames_eight_a_row(tmp_path, frames, size):
    data = random_clip(frames, 16, 16, 1)
    with Image.open(sample(data).save(tmp_path / "a.png")) as image:
        assert image.size == size
        shown = torch.tensor(list(image.convert("L").tobytes())).view(size[1], size[0])
    row, column = divmod(frames - 1, 8)
    last = shown[row * 98 : row * 98 + 96 : 6, column * 98 : column * 98 + 96 : 6]
    assert torch.equal(last, data[-1, ..., 0].long())


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_for_each_frame_keeps_every_pixel(tmp_path, channels):
    data = random_clip(12, 5, 7, channels)
    path = sample(data).save(tmp_path / "frames/a_%03d.png")
    assert sorted(file.name for file in path.parent.iterdir()) == [
        f"a_{number:03d}.png" for number in range(12)
    ]
    assert torch.equal(read(path), data.expand(-1, -1, -1, 3))
    assert torch.equal(read(path.parent), data.expand(-1, -1, -1, 3))


def test_frames_that_a_longer_clip_of_ours_left_behind_are_gone(tmp_path):
    path = sample(random_clip(6, 8, 8, 1)).save(tmp_path / "a_%d.png")
    Image.new("L", (8, 8)).save(tmp_path / "a_5.png")  # somebody else's
    sample(random_clip(3, 8, 8, 1)).save(path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a_0.png", "a_1.png", "a_2.png", "a_5.png"]


def test_tensors_go_to_safetensors_and_back(tmp_path):
    data = random_clip(4, 5, 7, 1)
    again = load_sample(sample(data, label=1).save(tmp_path / "a.safetensors"), VIDEO)
    assert torch.equal(again.data, data)
    assert again.label == 1


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_a_failed_write_leaves_the_old_file_alone(tmp_path, monkeypatch, suffix):
    from diffsmith_video.files import containers

    path = sample(smooth()).save(tmp_path / f"a{suffix}")
    before = path.read_bytes()

    def fail(pixels, number):
        raise OSError("the disk is gone")

    monkeypatch.setattr(containers, "_frame", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        sample(smooth()).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_names_that_libraries_would_take_for_protocols_are_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for suffix in (".mp4", ".webm", ".gif"):
        path = sample(smooth()).save(f"pipe:1 100%{suffix}")
        assert path.is_file()
        assert "diffsmith" in VIDEO.facts(path)
        assert read(path).shape[0] == 8


def test_unknown_file_endings_are_told(tmp_path):
    with pytest.raises(SpecError, match=r"'\.mp3' — did you mean '\.mp4'"):
        sample(smooth()).save(tmp_path / "a.mp3")


@pytest.mark.parametrize("suffix", MOVING)
def test_facts_of_foreign_damaged_and_missing_clips(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    VIDEO.write(smooth(), path, {})
    assert VIDEO.facts(path) == {}
    path.write_bytes(b"nothing of the kind" * 10)
    with pytest.raises(FileFault, match="is no clip that can be read"):
        VIDEO.facts(path)
    with pytest.raises(FileFault, match="there is no such clip"):
        VIDEO.facts(tmp_path / f"b{suffix}")


@pytest.mark.parametrize("comment", ["made by hand", "[1, 2]", '{"iso": 200}', "[" * 100_000])
def test_comments_of_other_programs_are_no_facts(tmp_path, comment):
    from diffsmith_video.files import facts

    assert facts.unpacked(comment) == {}


def test_one_picture_is_read_as_pictures_are(tmp_path):
    Image.new("RGB", (40, 20), (255, 0, 0)).save(tmp_path / "a.png")
    x = VIDEO.read(tmp_path / "a.png", 3, None, 16)
    assert x.shape == (3, 16, 32)
    assert VIDEO.read(tmp_path / "a.png", 1, (8, 24), 8).shape == (1, 8, 24)


def test_a_sheet_shows_a_row_of_frames_for_each_sample(tmp_path):
    clips = [torch.full((20, 8, 8, 1), 20 * place, dtype=torch.uint8) for place in range(1, 4)]
    path = save_sheet([sample(data, seed=2**31, label=7) for data in clips], tmp_path / "sheet.png")
    with Image.open(path) as sheet:
        areas = {colour: count for count, colour in sheet.convert("RGB").getcolors(1 << 20)}
        assert sheet.width == 48 + 8 * 96 + 7 * 2
    for place in range(1, 4):
        assert areas[(20 * place,) * 3] >= 8 * 96 * 96


def test_the_frames_of_a_sheet_are_spread_from_the_first_to_the_last(tmp_path):
    data = (torch.arange(15, dtype=torch.uint8) * 10).view(15, 1, 1, 1).expand(-1, 8, 8, -1)
    with Image.open(save_sheet([sample(data)], tmp_path / "sheet.png")) as sheet:
        seen = [sheet.convert("L").getpixel((24 + place * 98 + 48, 24 + 48)) for place in range(8)]
    assert seen == [0, 20, 40, 60, 80, 100, 120, 140]


@pytest.mark.parametrize("suffix", MOVING)
def test_a_moving_sheet_shows_the_clips_side_by_side(tmp_path, suffix):
    flash = (torch.arange(8, dtype=torch.uint8) % 2 * 255).view(8, 1, 1, 1).expand(-1, 16, 16, 1)
    path = save_sheet([sample(flash), sample(255 - flash[:4])], tmp_path / f"sheet{suffix}")
    frames = read(path).float().mean(-1)
    assert len(frames) == 8
    assert frames[:, 24 + 48, 24 + 48] == pytest.approx([0, 255] * 4, abs=12)
    assert frames[:, 24 + 48, 24 + 96 + 16 + 48] == pytest.approx([255, 0, 255, 0, 0, 0, 0, 0], abs=12)


def test_a_moving_sheet_plays_at_the_rate_that_was_asked_for(tmp_path):
    path = save_sheet([replace(sample(smooth()), rate=12)], tmp_path / "sheet.mp4")
    assert held(path)[3] == Fraction(12)
