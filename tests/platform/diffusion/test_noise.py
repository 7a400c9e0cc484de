import torch

from diffsmith.diffusion.levels import ve
from diffsmith.diffusion.noise import Seeded

HERE = THERE = ve(torch.tensor(0.0))


def test_a_sample_depends_on_its_seed_alone():
    batch, alone = Seeded([3, 1, 2]), Seeded([2])
    for _ in range(3):
        together = batch(torch.zeros(3, 2, 4), HERE, THERE)
        assert torch.equal(together[2:], alone(torch.zeros(1, 2, 4), HERE, THERE))
        assert not torch.equal(together[0], together[1])


def test_draws_are_fresh_and_like_x():
    noise = Seeded([0])
    x = torch.zeros(1, 8, dtype=torch.float64)
    first, second = noise(x, HERE, THERE), noise(x, HERE, THERE)
    assert first.dtype == x.dtype
    assert first.shape == x.shape
    assert not torch.equal(first, second)


def test_unit_normal():
    drawn = Seeded([0, 1])(torch.zeros(2, 50_000), HERE, THERE)
    torch.testing.assert_close(drawn.mean(1), torch.zeros(2), rtol=0, atol=0.02)
    torch.testing.assert_close(drawn.std(1), torch.ones(2), rtol=0, atol=0.02)
