"""AutoencoderKL: its latents, its draws, that it learns, and its number formats."""

import pytest
import torch
from torch import nn

from diffsmith.autoencoders.networks import kl
from diffsmith.nn.attention import PixelAttention

X = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)


@pytest.fixture
def autoencoder():
    torch.manual_seed(0)
    network = kl(widths=(8, 16), layers=1, groups=4, channels=2, scaling=0.5, shift=0.25)
    for layer in network.modules():
        if isinstance(layer, PixelAttention):
            nn.init.normal_(layer.to_out[0].weight)  # it begins silent
    return network


def test_it_tells_the_size_of_its_latents(autoencoder):
    assert (autoencoder.channels, autoencoder.factor) == (2, 2)
    assert autoencoder.encode(X).shape == (2, 2, 4, 4)
    assert autoencoder.decode(autoencoder.encode(X)).shape == X.shape


def test_encoding_gives_the_most_likely_latents(autoencoder):
    mean, std = autoencoder.moments(X)
    assert torch.equal(autoencoder.encode(X), mean)
    assert (std > 0).all()


def test_a_variance_is_kept_within_reason(autoencoder):
    nn.init.zeros_(autoencoder.quant_conv.weight)
    nn.init.constant_(autoencoder.quant_conv.bias, 1e4)
    _, std = autoencoder.moments(X)
    torch.testing.assert_close(std, torch.full_like(std, 0.5 * 2.718281828**10))


def test_every_weight_learns(autoencoder):
    mean, std = autoencoder.moments(X)
    draw = mean + std * torch.randn_like(mean)
    loss = (autoencoder.decode(draw) - X).square().mean() + (mean.square() + std.square() - std.log()).mean()
    loss.backward()
    # A constant added to all keys changes no attention, so theirs learns nothing.
    learning = {name: w.grad for name, w in autoencoder.named_parameters() if not name.endswith("to_k.bias")}
    assert all(grad is not None and grad.abs().max() > 0 for grad in learning.values())


def test_a_few_steps_of_training_make_it_better(autoencoder):
    optimizer = torch.optim.Adam(autoencoder.parameters(), lr=3e-3)
    losses = []
    for _ in range(15):
        loss = (autoencoder.decode(autoencoder.encode(X)) - X).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_it_reads_any_number_format_and_answers_in_its_own(autoencoder, dtype):
    autoencoder.to(dtype)
    assert autoencoder.encode(X).dtype == dtype
    assert autoencoder.decode(torch.zeros(1, 2, 4, 4)).dtype == dtype


def test_it_is_one_graph(autoencoder):
    latents = autoencoder.encode(X).detach()
    with torch.inference_mode():
        expected = autoencoder.decode(latents)
        compiled = torch.compile(autoencoder.decode, backend="eager", fullgraph=True)
        torch.testing.assert_close(compiled(latents), expected)
