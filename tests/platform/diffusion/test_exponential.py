import math

import pytest
import torch
from scipy.integrate import quad

from diffsmith.diffusion import levels
from diffsmith.diffusion.exponential import exact, held, mixed, simplified, weights
from diffsmith.diffusion.steps import Past


def drawn(count):
    return torch.randn(count, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("z", [-30.0, -2.0, -1.0, -0.999, -1e-9, 0.0, 1e-12, 0.3, 0.999, 1.0, 7.0, 40.0])
def test_the_means_are_the_integrals(z):
    """Of s^k under e^(z (s - 1)), or under e^(z s) where that is the one that stays small."""
    density = (lambda s: math.exp(z * (s - 1))) if z > 0 else (lambda s: math.exp(z * s))
    whole, _ = quad(density, 0, 1, epsabs=0, epsrel=1e-13)
    for k, mean in enumerate(exact(z, 4)):
        wanted, _ = quad(lambda s, k=k: s**k * density(s), 0, 1, epsabs=0, epsrel=1e-13)
        assert mean == pytest.approx(wanted / whole, rel=1e-12)


def test_an_endless_step_is_all_at_its_end():
    assert exact(math.inf, 4) == [1.0, 1.0, 1.0, 1.0]
    assert simplified("bh1", math.inf, 2) == [1.0, 1.0]


@pytest.mark.parametrize("solver", ["bh1", "bh2"])
def test_the_simplified_mean_is_right_for_small_steps(solver):
    assert simplified(solver, 1e-6, 2)[1] == pytest.approx(exact(1e-6, 2)[1], rel=1e-5)
    assert simplified(solver, 0.0, 2) == [1.0, 0.5]
    assert simplified(solver, 2.0, 3) == exact(2.0, 3)


@pytest.mark.parametrize("nodes", [[0.0], [0.0, -1.3], [1.0, 0.0, -0.4], [1.0, 0.0, -0.7, -2.5]])
def test_weights_are_exact_for_polynomials(nodes):
    means = exact(0.8, len(nodes))
    for k, mean in enumerate(means):
        sampled = sum(w * node**k for w, node in zip(weights(nodes, means), nodes, strict=True))
        assert sampled == pytest.approx(mean, rel=1e-12)


def test_mixed_adds_up_and_leaves_its_parts_alone():
    parts = list(drawn(3))
    kept = [part.clone() for part in parts]
    pairs = list(zip((0.5, -2.0, 1.5), parts, strict=True))
    torch.testing.assert_close(mixed(pairs), 0.5 * kept[0] - 2 * kept[1] + 1.5 * kept[2])
    assert all(torch.equal(part, before) for part, before in zip(parts, kept, strict=True))
    assert mixed([(1.0, parts[0]), (0.0, parts[1])]) is parts[0]


def places(path, *log_snrs):
    values = drawn(2 * len(log_snrs))
    down = path(0.5)
    return [Past(path(at), values[2 * k], values[2 * k + 1], down) for k, at in enumerate(log_snrs)]


@pytest.mark.parametrize("path", [levels.ve, levels.vp, levels.flow])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_noise_form_holds_the_mean_of_the_noise(path, count):
    """Lu et al. (2022, eq. 3.4): x / alpha less the integral of the noise."""
    known = places(path, 0.0, -0.3, -1.0)[:count]
    now = known[0]
    means = exact(-0.5, count)
    shares = weights([0.0, -0.6, -2.0][:count], means)
    noise = sum(share * place.noise for share, place in zip(shares, known, strict=True))
    wanted = (now.x - now.level.sigma * noise) / now.level.alpha
    torch.testing.assert_close(held(now, path(0.5), known, exact, "noise"), wanted)


def test_places_in_pure_noise_have_no_say():
    known = places(levels.flow, 0.0, -1.0, -math.inf)
    end = levels.flow(0.5)
    assert torch.equal(held(known[0], end, known, exact), held(known[0], end, known[:2], exact))


def test_a_step_that_goes_nowhere_holds_what_it_has():
    known = places(levels.vp, 0.0, -1.0)
    assert held(known[0], levels.vp(0.0), known, exact) is known[0].x0
