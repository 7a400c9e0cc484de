"""Latents are made once: kept on disk, found again, and made again where anything about them is another."""

import pytest
import torch
from torch import nn

from diffsmith.data import Split
from diffsmith.errors import SpecError
from diffsmith.training import latents as room
from diffsmith.training.latents import latents_of

CPU = torch.device("cpu")
X = torch.linspace(-1, 1, 150 * 12).view(150, 3, 2, 2)
MEANS = X.mean(dim=(2, 3), keepdim=True).expand(-1, -1, 2, 2)


class Halving(nn.Module):
    """An autoencoder that takes means, and counts the pictures that it encoded."""

    channels, factor, sample_size = 3, 2, 2

    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor([scale]))
        self.encoded = 0

    def encode(self, x):
        self.encoded += len(x)
        latents = x.mean(dim=(2, 3), keepdim=True) * self.scale
        return latents.expand(-1, -1, 2, 2).contiguous(memory_format=torch.channels_last)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFSMITH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def made(autoencoder, x=X, made_by="halving"):
    """(latents, the progress that was told)"""
    work, told = latents_of(Split(x, None), autoencoder, made_by, CPU), []
    while True:
        try:
            told.append(next(work))
        except StopIteration as done:
            return done.value, told


def test_latents_are_what_the_autoencoder_makes_and_progress_is_told():
    latents, told = made(Halving())
    assert torch.equal(latents, MEANS)
    assert told == sorted(told)
    assert told[-1] == 150
    assert len(told) > 150 / 5


def test_a_second_run_encodes_nothing():
    first, _ = made(Halving())
    autoencoder = Halving()
    second, told = made(autoencoder)
    assert autoencoder.encoded == 0
    assert torch.equal(first, second)
    assert first.stride() == second.stride(), "noise is drawn in the order in which numbers lie"
    assert told[-1] == 150


def test_a_run_that_was_stopped_encodes_the_rest():
    work = latents_of(Split(X, None), Halving(), "halving", CPU)
    while next(work) < 100:
        pass
    work.close()
    autoencoder = Halving()
    latents, _ = made(autoencoder)
    assert 50 <= autoencoder.encoded < 100
    assert torch.equal(latents, MEANS)


@pytest.mark.parametrize(
    "change",
    [
        {"autoencoder": Halving(2.0)},
        {"autoencoder": Halving().to(torch.bfloat16)},
        {"x": X + 1e-6},
        {"x": X.view(150, 3, 1, 4)},
        {"made_by": '{"name":"halving","scaling":2}'},
    ],
)
def test_other_weights_formats_pixels_and_options_are_encoded_anew(change):
    made(Halving())
    autoencoder = change.pop("autoencoder", Halving())
    made(autoencoder, **change)
    assert autoencoder.encoded == 150


def cut(content):
    return content[:-4]


def flipped(content):
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize(
    "damage", [cut, flipped, lambda content: b"", lambda content: b"nothing of the kind"]
)
def test_a_damaged_file_is_made_again(cache, damage):
    first, _ = made(Halving())
    file = max(cache.rglob("*.safetensors"))
    file.write_bytes(damage(file.read_bytes()))
    autoencoder = Halving()
    second, _ = made(autoencoder)
    assert 0 < autoencoder.encoded <= 64
    assert torch.equal(first, second)
    autoencoder.encoded = 0
    made(autoencoder)
    assert autoencoder.encoded == 0


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DIFFSMITH_CACHE", str(tmp_path / "file"))
    latents, _ = made(Halving())
    assert torch.equal(latents, MEANS)


def test_latents_that_are_no_numbers_are_told_and_not_kept(cache):
    with pytest.raises(SpecError, match=r"autoencoder: makes NaN .* in float32; set engine.dtype=float32"):
        made(Halving(float("nan")))
    assert not list(cache.rglob("*.safetensors"))


def test_pictures_are_read_a_few_at_a_time():
    wanted = []

    class Watched:
        """Rows that tell how many of them are wanted."""

        def __init__(self, x):
            self.x = x

        def __len__(self):
            return len(self.x)

        def __getitem__(self, index):
            return Watched(self.x[index])

        def read(self):
            wanted.append(len(self.x))
            return self.x

    latents, _ = made(Halving(), Watched(X))
    assert wanted == [room._ROWS_A_FILE, room._ROWS_A_FILE, 150 - 2 * room._ROWS_A_FILE]
    assert len(latents) == 150
