"""Weights on encoder states."""

import pytest
import torch

from diffsmith.conditioning.emphasis import emphasised


def test_weights_of_one_change_nothing_at_all() -> None:
    states = torch.randn(4, 8)
    assert emphasised(states, [1.0] * 4) is states


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_heavier_token_takes_a_larger_share_and_the_mean_stays(dtype: torch.dtype) -> None:
    states = (torch.rand(4, 8) + 0.5).to(dtype)
    heavier = emphasised(states, [1.0, 2.0, 1.0, 1.0])
    assert heavier.dtype == dtype
    assert heavier.float().mean().item() == pytest.approx(states.float().mean().item(), rel=1e-2)
    share = [each.float().norm(dim=-1) / each.float().norm() for each in (states, heavier)]
    assert share[1][1] > share[0][1]
    ratio = heavier[0].float() / states[0].float()
    torch.testing.assert_close(heavier[1].float() / states[1].float(), 2 * ratio, rtol=2e-2, atol=0)


@pytest.mark.parametrize("weights", [[3.0, 1.0], [0.0, 0.0], [1.0, -1.0]])
def test_states_without_a_mean_are_not_scaled_back(weights: list[float]) -> None:
    states = torch.tensor([[1.0, -1.0], [2.0, -2.0]])
    torch.testing.assert_close(emphasised(states, weights), states * torch.tensor(weights)[:, None])
