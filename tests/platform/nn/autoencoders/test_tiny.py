"""AutoencoderTiny: its latents, their bounds, that it learns."""

import torch

from diffsmith.autoencoders.networks import tiny

X = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)


def small():
    torch.manual_seed(0)
    return tiny(encoder_width=8, decoder_width=4, encoder_blocks=(1, 2), decoder_blocks=(2, 1), channels=5)


def test_it_tells_the_size_of_its_latents():
    autoencoder = small()
    assert (autoencoder.channels, autoencoder.factor) == (5, 2)
    assert autoencoder.encode(X).shape == (2, 5, 4, 4)
    assert autoencoder.decode(autoencoder.encode(X)).shape == X.shape


def test_latents_far_out_are_taken_for_3():
    autoencoder, far = small(), torch.randn(1, 5, 4, 4).sign()
    torch.testing.assert_close(autoencoder.decode(1e3 * far), autoencoder.decode(1e6 * far))


def test_what_it_reads_stays_as_it_was():
    autoencoder, x, latents = small(), X.clone(), torch.randn(1, 5, 4, 4)
    kept = latents.clone()
    with torch.inference_mode():
        autoencoder.encode(x), autoencoder.decode(latents)
    assert torch.equal(x, X)
    assert torch.equal(latents, kept)


def test_every_weight_learns():
    autoencoder = small()
    (autoencoder.decode(autoencoder.encode(X)) - X).square().mean().backward()
    assert all(weight.grad.abs().max() > 0 for weight in autoencoder.parameters())


def test_latents_come_back_from_the_numbers_they_are_shown_as():
    autoencoder = tiny(magnitude=2.0, centre=0.25)
    latents = torch.tensor([-1.0, 0.0, 3.0])
    shown = autoencoder.scale_latents(latents)
    assert shown.tolist() == [0.0, 0.25, 1.0]
    assert autoencoder.unscale_latents(shown).tolist() == latents.tolist()


def test_it_reads_any_number_format_and_answers_in_its_own():
    autoencoder = small().bfloat16()
    assert autoencoder.encode(X).dtype == torch.bfloat16
    assert autoencoder.decode(torch.zeros(1, 5, 4, 4)).dtype == torch.bfloat16
