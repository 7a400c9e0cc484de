"""The autoencoder of clips: pictures in, clips out, and what neighbouring frames are to it."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from diffsmith.autoencoders import fitted_to_float16
from diffsmith.autoencoders.networks import kl_temporal
from diffsmith.nn.autoencoders.temporal import SpatioTemporalResidual

X = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)


@pytest.fixture
def autoencoder():
    torch.manual_seed(0)
    network = kl_temporal(widths=(32, 32), layers=2, channels=2, scaling=0.5)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.05 * torch.randn_like(weight))  # many begin silent
    return network


def test_it_encodes_pictures_and_decodes_clips(autoencoder):
    latents = autoencoder.encode(X)
    assert (autoencoder.channels, autoencoder.factor, autoencoder.temporal) == (2, 2, True)
    assert latents.shape == (4, 2, 4, 4)
    assert autoencoder.decode(latents).shape == autoencoder.decode(latents, 2).shape == X.shape


@torch.no_grad()
def test_encoding_looks_at_each_picture_alone(autoencoder):
    torch.testing.assert_close(autoencoder.encode(X)[1:2], autoencoder.encode(X[1:2]), rtol=1e-4, atol=1e-5)
    mean, std = autoencoder.moments(X)
    assert torch.equal(autoencoder.encode(X), mean)
    assert (std > 0).all()


@torch.no_grad()
def test_all_rows_are_one_clip_unless_told(autoencoder):
    latents = autoencoder.encode(X)
    assert torch.equal(autoencoder.decode(latents), autoencoder.decode(latents, 4))
    apart = torch.cat([autoencoder.decode(half) for half in latents.split(2)])
    torch.testing.assert_close(autoencoder.decode(latents, 2), apart, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(autoencoder.decode(latents), apart, atol=1e-4)


def test_at_first_every_frame_is_decoded_alone_but_for_the_last_convolution():
    network, latents = kl_temporal(widths=(32,), layers=1, channels=2), torch.randn(3, 2, 4, 4)
    nn.init.dirac_(network.decoder.time_conv_out.weight[..., 0])
    with torch.no_grad():
        network.decoder.time_conv_out.weight[:, :, 1] = torch.eye(3)[..., None, None]
        for place in (0, 2):
            network.decoder.time_conv_out.weight[:, :, place] = 0
        alone = torch.cat([network.decode(each) for each in latents.split(1)])
        torch.testing.assert_close(network.decode(latents), alone, rtol=1e-4, atol=1e-5)


def test_every_weight_learns(autoencoder):
    mean, std = autoencoder.moments(X)
    draw = mean + std * torch.randn_like(mean)
    loss = (autoencoder.decode(draw, 2) - X).square().mean() + (
        mean.square() + std.square() - std.log()
    ).mean()
    loss.backward()
    # A constant added to all keys changes no attention, so theirs learns nothing.
    learning = {name: w.grad for name, w in autoencoder.named_parameters() if not name.endswith("to_k.bias")}
    assert [name for name, grad in learning.items() if grad is None or not grad.any()] == []


def test_the_temporal_layers_learn_alone(autoencoder):
    autoencoder.requires_grad_(False)
    blocks = [each for each in autoencoder.modules() if isinstance(each, SpatioTemporalResidual)]
    for block in blocks:
        block.temporal_res_block.requires_grad_(True)
    autoencoder.decode(torch.randn(3, 2, 4, 4)).square().mean().backward()
    assert all(weight.grad.any() for block in blocks for weight in block.temporal_res_block.parameters())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_it_reads_any_number_format_and_answers_in_its_own(autoencoder, dtype):
    autoencoder.to(dtype)
    assert autoencoder.encode(X).dtype == dtype
    assert autoencoder.decode(torch.zeros(2, 2, 4, 4)).dtype == dtype


@torch.no_grad()
def test_weights_fitted_to_float16_give_the_same_answers(autoencoder):
    latents = autoencoder.encode(X)
    fitted = fitted_to_float16(deepcopy(autoencoder))
    torch.testing.assert_close(fitted.encode(X), latents, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(fitted.decode(latents), autoencoder.decode(latents), rtol=1e-4, atol=1e-5)


def test_it_is_one_graph(autoencoder):
    latents = autoencoder.encode(X).detach()
    with torch.inference_mode():
        compiled = torch.compile(autoencoder.decode, backend="eager", fullgraph=True)
        torch.testing.assert_close(compiled(latents, 2), autoencoder.decode(latents, 2))
