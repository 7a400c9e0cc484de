"""One picture at a time."""

import torch

from diffsmith.autoencoders import sliced, tiled
from diffsmith.autoencoders.networks import kl


def small():
    torch.manual_seed(0)
    return kl(widths=(8, 16), layers=1, groups=4, channels=2, sample_size=8).eval()


@torch.no_grad()
def test_a_batch_is_encoded_and_decoded_one_by_one(monkeypatch):
    autoencoder, x, latents = small(), torch.randn(3, 3, 8, 8), torch.randn(3, 2, 4, 4)
    torch.testing.assert_close(sliced(autoencoder).encode(x), autoencoder.encode(x))
    torch.testing.assert_close(sliced(autoencoder).decode(latents), autoencoder.decode(latents))
    batches = []
    autoencoder.decoder.register_forward_hook(lambda module, given, out: batches.append(len(out)))
    sliced(autoencoder).decode(latents)
    assert batches == [1, 1, 1]


@torch.no_grad()
def test_slices_and_tiles_go_together():
    autoencoder, x = small(), torch.randn(2, 3, 16, 16)
    expected = tiled(autoencoder).encode(x)
    for both in (sliced(tiled(autoencoder)), tiled(sliced(autoencoder))):
        torch.testing.assert_close(both.encode(x), expected)
        assert (both.channels, both.factor, both.sample_size) == (2, 2, 8)
