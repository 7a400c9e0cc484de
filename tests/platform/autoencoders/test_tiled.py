"""Tiles: the whole where it fits, no seams where there are none, less memory, and faults told."""

import subprocess
import sys

import pytest
import torch

from diffsmith.autoencoders import tiled
from diffsmith.autoencoders.networks import kl, tiny
from diffsmith.errors import SpecError


class Doubling:
    """An autoencoder that repeats pixels and takes every second: tiles change nothing about it."""

    channels, factor, sample_size = 3, 2, 16

    def __init__(self):
        self.seen = []

    def encode(self, x):
        self.seen.append(tuple(x.shape[-2:]))
        return x[..., ::2, ::2]

    def decode(self, latents):
        self.seen.append(tuple(latents.shape[-2:]))
        return latents.repeat_interleave(2, -1).repeat_interleave(2, -2)


@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("size", [(9, 30), (8, 9), (25, 17)])
def test_tiles_of_one_picture_make_that_picture(size, overlap):
    autoencoder = tiled(Doubling(), overlap=overlap)
    latents = torch.randn(2, 3, *size, dtype=torch.float64)
    picture = autoencoder.decode(latents)
    torch.testing.assert_close(picture, Doubling().decode(latents))
    torch.testing.assert_close(autoencoder.encode(picture), latents)
    assert max(max(seen) for seen in autoencoder.autoencoder.seen) == 16


def test_what_fits_one_tile_is_done_in_one():
    inner = Doubling()
    tiled(inner).decode(torch.randn(1, 3, 8, 8))
    tiled(inner).encode(torch.randn(1, 3, 16, 10))
    assert inner.seen == [(8, 8), (16, 10)]


def test_it_tells_what_its_autoencoder_tells():
    inner = Doubling()
    assert (tiled(inner).channels, tiled(inner).factor, tiled(inner).sample_size) == (3, 2, 16)


def test_tiles_fade_into_one_another():
    torch.manual_seed(0)
    autoencoder = tiled(tiny(encoder_blocks=(1, 1), decoder_blocks=(1, 1)), 16)
    with torch.inference_mode():
        picture = autoencoder.decode(torch.zeros(1, 4, 30, 30))
    steps = picture.diff(dim=-1).abs()
    assert steps.max() > 0  # borders are not as the middle is
    assert steps[..., 12:40].max() < 0.5 * (picture.max() - picture.min())


FAULTS = {"tile: must be a multiple of 8 pixels, got 100": (100, 0.25), "overlap: .* got 1.0": (64, 1.0)}


@pytest.mark.parametrize("told", FAULTS)
def test_tiles_that_cannot_be_are_told(told):
    with torch.device("meta"):
        autoencoder = kl()
    with pytest.raises(SpecError, match=told):
        tiled(autoencoder, *FAULTS[told])


MEMORY = """
import torch
from diffsmith.autoencoders import tiled
from diffsmith.autoencoders.networks import kl
from diffsmith.engine import probe

autoencoder = kl(widths=(32, 64), layers=1, groups=8, middle_attention=False).eval()
latents = torch.randn(1, 4, 256, 256)
with torch.inference_mode():
    for each in (tiled(autoencoder, 128), autoencoder):
        print(probe(lambda: each.decode(latents), torch.device("cpu"), 1).memory)
"""


def test_tiles_need_less_memory():
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    tiles, whole = map(float, done.stdout.split())
    assert tiles < whole - 100  # MiB; one feature map of the whole picture is 64
