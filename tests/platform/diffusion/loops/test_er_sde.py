import math

import pytest
import torch

from diffsmith.diffusion import levels
from diffsmith.diffusion.loops.er_sde import er_sde
from diffsmith.diffusion.noise import Seeded
from diffsmith.testing import bare, three_blobs

EXACT = three_blobs().denoise
LOG_SNRS = torch.tensor([-2.0, -1, 0, 1, 2, math.inf], dtype=torch.float64)


def walk(denoise=EXACT, path=levels.vp, log_snrs=LOG_SNRS, noise=None, **options):
    x = torch.ones(3, 2, dtype=torch.float64) * path(log_snrs[0].item()).sigma
    return list(er_sde(denoise, x, bare(path), log_snrs, noise or Seeded(range(3)), **options))


@pytest.mark.parametrize("max_stage", [1, 2, 3])
@pytest.mark.parametrize("path", [levels.vp, levels.flow])
def test_finite_from_pure_noise(path, max_stage):
    log_snrs = torch.tensor([-math.inf, -2, -1, 0, 2, math.inf], dtype=torch.float64)
    assert all(frame.x.isfinite().all() for frame in walk(path=path, log_snrs=log_snrs, max_stage=max_stage))


@pytest.mark.parametrize("path", [levels.ve, levels.vp, levels.flow])
def test_the_path_does_not_matter(path):
    """At the same log-SNRs x only has another size."""
    torch.testing.assert_close(walk(path=path)[-1].x, walk()[-1].x)


def test_stages_differ_once_there_is_a_past():
    one, two, three = (walk(max_stage=stage) for stage in (1, 2, 3))
    assert torch.equal(one[0].x, three[0].x)
    assert torch.equal(two[1].x, three[1].x)
    assert not torch.equal(one[1].x, two[1].x)
    assert not torch.equal(two[2].x, three[2].x)


def test_where_the_estimate_is_constant_stages_do_not_matter():
    x0 = torch.full((3, 2), 0.3, dtype=torch.float64)
    one, three = (walk(lambda x, level: x0, max_stage=stage) for stage in (1, 3))
    torch.testing.assert_close(one[-2].x, three[-2].x)


def test_without_noise_none_is_asked_for():
    def noise(x, here, there):
        raise AssertionError

    assert len(walk(noise=noise, s_noise=0.0)) == 5
