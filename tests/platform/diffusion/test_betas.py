import pytest
import torch

from diffsmith.diffusion import betas


@pytest.mark.parametrize("name", betas.BETAS)
def test_every_table_grows_noisier(name):
    table = betas.BETAS[name](200)
    assert table.shape == (200,)
    assert table.dtype == torch.float64
    assert ((table > 0) & (table < 1)).all()
    assert (betas.log_snrs(betas.alpha_bars(table)).diff() < 0).all()


def test_every_table_is_listed():
    assert set(betas.BETAS) == set(betas.__all__) - {"BETAS", "alpha_bars", "log_snrs", "zero_terminal"}


def test_log_snrs_by_hand():
    table = torch.tensor([0.1, 0.2], dtype=torch.float64)
    alpha_bar = torch.tensor([0.9, 0.9 * 0.8], dtype=torch.float64)
    wanted = (alpha_bar.sqrt() / (1 - alpha_bar).sqrt()).log()
    torch.testing.assert_close(betas.log_snrs(betas.alpha_bars(table)), wanted)


def test_a_zero_terminal_keeps_the_clean_end():
    alpha_bar = betas.alpha_bars(betas.scaled_linear(1000))
    moved = betas.zero_terminal(alpha_bar)
    assert moved[-1] == 0
    torch.testing.assert_close(moved[0], alpha_bar[0])
    assert (moved.diff() < 0).all()
