"""Weights fitted to float16: the same answers in float32, finite ones in float16."""

from copy import deepcopy

import pytest
import torch

from diffsmith.autoencoders import fitted_to_float16
from diffsmith.autoencoders.networks import kl, vq

X = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)


def large(make):
    """Numbers inside reach about a million, as float16 ends at 65504."""
    torch.manual_seed(0)
    network = make(widths=(16, 32), layers=1, groups=4, attention=(1,), needs_float32=True).eval()
    for name, weight in network.named_parameters():
        if "conv2.weight" in name:
            weight.data *= 3e5
        if "to_out" in name:
            weight.data.normal_()
    return network


@pytest.mark.parametrize("make", [kl, vq])
@torch.no_grad()
def test_in_float32_the_answers_stay_the_same(make):
    autoencoder = large(make)
    latents, picture = autoencoder.encode(X), autoencoder.decode(autoencoder.encode(X))
    fitted = fitted_to_float16(deepcopy(autoencoder))
    torch.testing.assert_close(fitted.encode(X), latents, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(fitted.decode(latents), picture, rtol=1e-6, atol=1e-6)


@torch.no_grad()
def test_in_float16_the_answers_are_no_longer_infinite():
    autoencoder = large(kl)
    latents = autoencoder.encode(X)
    picture = autoencoder.decode(latents)
    assert not deepcopy(autoencoder).half().decode(latents).isfinite().all()
    fitted = fitted_to_float16(autoencoder).half()
    for found, expected in ((fitted.encode(X), latents), (fitted.decode(latents), picture)):
        error = (found.float() - expected).square().mean().sqrt()
        assert error < 0.01 * expected.std()


@torch.no_grad()
def test_weights_are_not_written_over_where_they_lie():
    autoencoder = large(kl)
    file = autoencoder.decoder.conv_in.weight.data
    before = file.clone()
    fitted_to_float16(autoencoder)
    assert torch.equal(file, before)
    assert torch.equal(autoencoder.decoder.conv_in.weight, before / 32)
