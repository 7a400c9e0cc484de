from functools import partial

import torch

from diffsmith.data import Split
from diffsmith.metrics import noise_floor
from diffsmith.metrics.distances import frechet

from .rows import against, normal


def test_the_reference_is_embedded_once():
    calls = []
    real = against(normal(9, 2), lambda x: calls.append(len(x)) or x)
    for _ in range(3):
        frechet(normal(8, 2), real)
    assert calls.count(9) == 1


def test_the_noise_floor_is_the_score_of_as_many_training_rows():
    train, seen = Split(normal(50, 2), None), []
    metric = lambda samples, reference: seen.append(samples) or 4.5  # noqa: E731
    floors = partial(noise_floor, metric, train, against(normal(9, 2, seed=1)))
    assert floors(20) == 4.5
    floors(20)
    floors(20, seed=1)
    floors(999)
    assert [len(samples) for samples in seen] == [20, 20, 20, 50]
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[0], seen[2])
    assert all((train.x == row).all(1).any() for row in seen[0])
