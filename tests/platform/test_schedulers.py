"""The rows people know by name: every one runs, at any spacing, on any path."""

import pytest
import torch

from diffsmith import factory
from diffsmith.diffusion import levels
from diffsmith.diffusion.noise import Seeded
from diffsmith.registry import default_registry
from diffsmith.schedulers import SCHEDULERS
from diffsmith.specs import SchedulerSpec
from diffsmith.testing import bare, three_blobs
from diffsmith.testing.measures import evaluations, order_of_convergence, without_noise

REGISTRY = default_registry()
LOG_SNRS = torch.tensor([-4.0, -2, -1, 0, 1, 2.5, torch.inf], dtype=torch.float64)


def walk(name, path=levels.vp, seed=0, **options):
    """Where a scheduler goes on a problem whose clean estimates are exact."""
    noise = Seeded([seed])
    start = path(LOG_SNRS[0].item())
    x = start.sigma * noise(torch.zeros(1, 2, dtype=torch.float64), start, start)
    loop = factory.scheduler(SchedulerSpec(name=name, **options), REGISTRY)
    *_, last = loop(three_blobs().denoise, x, bare(path), LOG_SNRS, noise)
    return last.x


@pytest.mark.parametrize("card", SCHEDULERS, ids=lambda card: card.name)
def test_a_row_names_what_is_registered_and_its_options_fit(card):
    assert card.estimate in REGISTRY.names("estimates")
    assert card.renoise in REGISTRY.names("renoise")
    assert card.summary
    assert walk(card.name, **card.defaults).isfinite().all()


@pytest.mark.parametrize("card", SCHEDULERS, ids=lambda card: card.name)
def test_every_alias_is_the_same_scheduler(card):
    for alias in card.aliases:
        assert torch.equal(walk(alias), walk(card.name))
        assert torch.equal(walk(alias.upper()), walk(card.name))


def test_no_alias_is_given_twice():
    names = [name.casefold() for card in SCHEDULERS for name in (card.name, *card.aliases)]
    assert len(set(names)) == len(names)


SAME = [
    (("ddim", {}), ("euler", {})),
    (("ddim", {"eta": 1.0}), ("ddpm", {})),
    (("euler_ancestral", {"eta": 0.0}), ("euler", {})),
    (("edm", {"gamma": 0.0}), ("heun", {})),
    (("dpmpp_2m_sde", {"eta": 0.0}), ("dpmpp_2m", {})),
]
OTHER = [
    ("ddim", "ddpm"),
    ("euler", "heun"),
    ("heun", "dpm_2"),
    ("dpmpp_2m", "dpmpp_2m_sde"),
    ("lcm", "ddpm"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_rows_that_are_one_scheduler_at_some_option(one, other):
    torch.testing.assert_close(walk(one[0], **one[1]), walk(other[0], **other[1]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_rows_that_differ(one, other):
    assert not torch.allclose(walk(one), walk(other))


def with_a(fact):
    """The schedulers whose card states that fact."""
    cards = [card for card in SCHEDULERS if getattr(card, fact)]
    return pytest.mark.parametrize("card", cards, ids=lambda card: card.name)


@with_a("order")
def test_converges_at_the_order_its_card_says(card):
    """Or faster: multistep solvers of a high order end with the order of their start, but late."""
    assert card.order - 0.25 < order_of_convergence(without_noise(card, REGISTRY)) < card.order + 1.5


@with_a("evaluations")
def test_asks_as_often_as_its_card_says(card):
    assert evaluations(without_noise(card, REGISTRY)) == pytest.approx(card.evaluations, abs=0.15)
