import math

import pytest
import torch

from diffsmith.diffusion import schedules, spacings

VP = schedules.vp()


def test_ten_steps_are_the_table_and_others_lie_between():
    ten = (-spacings.align_your_steps(VP, 10, model="sdxl")).exp()
    assert ten[[0, 4, 9, 10]].tolist() == pytest.approx([14.615, 1.342, 0.113, 0])
    twenty = (-spacings.align_your_steps(VP, 20, model="sdxl")).exp()
    torch.testing.assert_close(twenty[:-1:2], ten[:-1])
    assert twenty[1].item() == pytest.approx(math.sqrt(14.615 * 6.315))
    assert twenty[19].item() == pytest.approx(math.sqrt(0.113 * 0.029))


@pytest.mark.parametrize(("model", "most"), [("sd15", 14.615), ("deepfloyd", 160.41), ("svd", 700.0)])
def test_every_model_has_its_own(model, most):
    log_snrs = spacings.align_your_steps(VP, 3, model=model)
    assert (-log_snrs[0]).exp().item() == pytest.approx(most)
    assert (log_snrs.diff() > 0).all()


def test_a_final_zero_may_be_given_or_left_out():
    with_zero = spacings.explicit_sigmas(VP, 2, sigmas=(2.0, 1.0, 0.0))
    assert torch.equal(with_zero, spacings.explicit_sigmas(VP, 2, sigmas=(2.0, 1.0)))
    assert len(spacings.explicit_sigmas(VP, 2, sigmas=(2.0, 1.0), final="listed")) == 2
    assert len(spacings.explicit_log_snrs(VP, 2, log_snrs=(-2.0, 1.0), final="listed")) == 2
