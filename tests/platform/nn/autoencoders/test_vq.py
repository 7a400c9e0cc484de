"""VQModel: its codebook, and that it learns through it."""

import pytest
import torch

from diffsmith.autoencoders.networks import vq
from diffsmith.nn.autoencoders import vq as module
from diffsmith.nn.autoencoders.vq import Quantizer

X = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)


@pytest.fixture
def quantizer():
    torch.manual_seed(0)
    quantizer = Quantizer(20, 3)
    torch.nn.init.normal_(quantizer.embedding.weight)
    return quantizer


def small(**options):
    torch.manual_seed(0)
    return vq(widths=(8, 16), layers=1, groups=4, codes=16, code_channels=4, scaling=0.5, **options)


@pytest.mark.parametrize("tokens", [4096, 7])
def test_each_pixel_becomes_the_nearest_row(quantizer, tokens, monkeypatch):
    monkeypatch.setattr(module, "_TOKENS", tokens)
    z = torch.randn(2, 3, 4, 5)
    rows = quantizer.embedding.weight
    distances = (z.movedim(1, -1)[..., None, :] - rows).square().sum(-1)
    assert torch.equal(quantizer.nearest(z), distances.argmin(-1))
    with torch.no_grad():
        torch.testing.assert_close(quantizer(z), rows[distances.argmin(-1)].movedim(-1, 1))


def test_rows_of_the_codebook_stay_what_they_are(quantizer):
    codes = torch.randint(20, (2, 4, 4))
    assert torch.equal(quantizer.nearest(quantizer.rows(codes)), codes)


def test_gradients_pass_the_codebook_as_if_it_was_not_there(quantizer):
    z, along = torch.randn(1, 3, 4, 4, requires_grad=True), torch.randn(1, 3, 4, 4)
    (quantizer(z) * along).sum().backward()
    assert torch.equal(z.grad, along)


def test_it_tells_the_size_of_its_latents():
    autoencoder = small()
    assert (autoencoder.channels, autoencoder.factor) == (4, 2)
    assert autoencoder.encode(X).shape == (2, 4, 4, 4)
    assert autoencoder.decode(autoencoder.encode(X)).shape == X.shape


def test_decoding_sees_the_nearest_rows_unless_told_otherwise():
    autoencoder, plain = small(), small(quantise=False)
    latents = torch.randn(1, 4, 4, 4)
    rows = autoencoder.quantize.rows(autoencoder.quantize.nearest(latents / 0.5)) * 0.5
    torch.testing.assert_close(autoencoder.decode(latents), plain.decode(rows))
    assert not torch.allclose(autoencoder.decode(latents), plain.decode(latents))


def test_the_encoder_learns_through_the_codebook():
    autoencoder = small()
    (autoencoder.decode(autoencoder.encode(X)) - X).square().mean().backward()
    assert autoencoder.encoder.conv_in.weight.grad.abs().max() > 0


def test_it_reads_any_number_format_and_answers_in_its_own():
    autoencoder = small().bfloat16()
    assert autoencoder.decode(autoencoder.encode(X)).dtype == torch.bfloat16
