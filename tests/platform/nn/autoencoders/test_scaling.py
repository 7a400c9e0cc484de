"""Latents as denoisers know them, and back."""

import pytest
import torch

from diffsmith.nn.autoencoders.scaling import Scaling

LATENTS = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
SCALINGS = [
    Scaling(),
    Scaling((0.18215,)),
    Scaling((0.36,), (0.1,)),
    Scaling((0.1, 2.0, 3.0), (1.0, 0.0, -5.0)),
]


@pytest.mark.parametrize("scaling", SCALINGS)
def test_unscaling_undoes_scaling(scaling):
    torch.testing.assert_close(scaling.unscaled(scaling.scaled(LATENTS)), LATENTS)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_spread_is_scaled_and_not_shifted(scaling):
    apart = scaling.scaled(LATENTS + 0.5) - scaling.scaled(LATENTS)
    torch.testing.assert_close(scaling.spread(torch.full_like(LATENTS, 0.5)), apart)


def test_each_channel_has_its_own_numbers():
    scaled = Scaling((1.0, 2.0, 4.0), (0.0, 1.0, 2.0)).scaled(torch.full((1, 3, 1, 1), 3.0))
    assert scaled.flatten().tolist() == [3.0, 4.0, 4.0]


@pytest.mark.parametrize("factors", [(0.18215,), (0.18215, 0.18215, 0.18215)])
def test_the_factor_keeps_its_digits_where_latents_have_few(factors):
    scaled = Scaling(factors).scaled(LATENTS.bfloat16())
    assert scaled.dtype == torch.bfloat16
    assert torch.equal(scaled, (LATENTS.bfloat16().float() * 0.18215).bfloat16())
