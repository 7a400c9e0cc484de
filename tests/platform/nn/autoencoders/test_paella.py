"""PaellaVQModel: its latents, its codebook, that it learns."""

import torch

from diffsmith.autoencoders.networks import paella

X = torch.randn(2, 3, 16, 8, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)


def small(**options):
    torch.manual_seed(0)
    autoencoder = paella(width=8, blocks=2, codes=16, scaling=2.0, **options)
    for name, weight in autoencoder.named_parameters():
        if "gammas" in name:
            torch.nn.init.normal_(weight)  # blocks begin as the identity
    return autoencoder


def test_it_tells_the_size_of_its_latents():
    autoencoder = small()
    assert (autoencoder.channels, autoencoder.factor) == (4, 4)
    assert autoencoder.encode(X).shape == (2, 4, 4, 2)
    assert autoencoder.decode(autoencoder.encode(X)).shape == X.shape


def test_its_latents_have_the_variance_that_denoisers_are_told():
    latents = small().encode(X)  # in training: normalised by what is here
    torch.testing.assert_close(latents.std(correction=0), torch.tensor(2.0), rtol=0.1, atol=0.0)


def test_decoding_sees_the_nearest_rows_where_it_is_told_to():
    plain, through = small().eval(), small(quantise=True).eval()
    latents = torch.randn(1, 4, 4, 4)
    rows = plain.vquantizer.rows(plain.vquantizer.nearest(latents / 2)) * 2
    torch.testing.assert_close(through.decode(latents), plain.decode(rows))


def test_every_weight_learns():
    autoencoder = small()
    (autoencoder.decode(autoencoder.encode(X)) - X).square().mean().backward()
    learning = [weight for name, weight in autoencoder.named_parameters() if "vquantizer" not in name]
    assert all(weight.grad.abs().max() > 0 for weight in learning)


def test_it_reads_any_number_format_and_answers_in_its_own():
    autoencoder = small().bfloat16().eval()
    assert autoencoder.decode(autoencoder.encode(X)).dtype == torch.bfloat16
