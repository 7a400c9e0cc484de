"""What is kept of a result, and what is drawn anew."""

import pytest
import torch
from diffusers.pipelines.free_init_utils import FreeInitMixin

from diffsmith.diffusion.reinitialising import low_pass, mixed


@pytest.mark.parametrize("kind", ["butterworth", "gaussian", "ideal"])
@pytest.mark.parametrize("stops", [(0.25, 0.25), (0.5, 0.125), (0.0, 0.25)])
@pytest.mark.parametrize("shape", [(8, 6, 10), (5, 4, 3)])
def test_the_filter_is_diffusers(kind, stops, shape):
    theirs = FreeInitMixin()._get_free_init_freq_filter((1, 4, *shape), "cpu", kind, 4, *stops)
    torch.testing.assert_close(low_pass(shape, kind, 4, *stops), theirs[0, 0])


def test_the_mixture_is_diffusers():
    x, fresh = torch.randn(2, 4, 8, 6, 10), torch.randn(2, 4, 8, 6, 10)
    low = low_pass((8, 6, 10), "butterworth", 4, 0.25, 0.25)
    torch.testing.assert_close(mixed(x, fresh, low), FreeInitMixin()._apply_freq_filter(x, fresh, low))


def test_all_of_it_or_nothing():
    x, fresh = torch.randn(1, 2, 4, 6, 6), torch.randn(1, 2, 4, 6, 6)
    torch.testing.assert_close(mixed(x, fresh, torch.ones(4, 6, 6)), x)
    torch.testing.assert_close(mixed(x, fresh, torch.zeros(4, 6, 6)), fresh)
