"""The mix: a learnt share of each, whichever way round."""

import pytest
import torch

from diffsmith.nn.video.blender import AlphaBlender

SPATIAL, TEMPORAL = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0)), torch.ones(2, 3, 4)


@pytest.mark.parametrize("start", [-2.0, 0.0, 0.5])
@pytest.mark.parametrize("switched", [False, True])
def test_the_sigmoid_is_the_share_of_one_of_them(start, switched):
    share = torch.tensor(start).sigmoid()
    first, last = (TEMPORAL, SPATIAL) if switched else (SPATIAL, TEMPORAL)
    mixed = AlphaBlender(start, switched=switched)(SPATIAL, TEMPORAL)
    torch.testing.assert_close(mixed, share * first + (1 - share) * last)


@pytest.mark.parametrize("switched", [False, True])
def test_what_is_added_to_the_spatial_one_is_mixed_alike(switched):
    blender, more = AlphaBlender(0.3, switched=switched), torch.randn(2, 3, 4)
    torch.testing.assert_close(blender.added(SPATIAL, more), blender(SPATIAL, SPATIAL + more))


def test_the_share_learns():
    blender = AlphaBlender()
    blender(SPATIAL, TEMPORAL).sum().backward()
    assert blender.mix_factor.shape == (1,)
    assert blender.mix_factor.grad.abs() > 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_it_answers_in_the_format_of_what_it_mixes(dtype):
    assert AlphaBlender()(SPATIAL.to(dtype), TEMPORAL.to(dtype)).dtype == dtype
    assert AlphaBlender().added(SPATIAL.to(dtype), TEMPORAL.to(dtype)).dtype == dtype
