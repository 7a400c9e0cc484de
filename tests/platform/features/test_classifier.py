import torch

from .rows import build


def test_classes_are_named_by_features_within_one():
    network = build((4,), 3)
    x = 100 * torch.randn(5, 4)
    found = network.features(x)
    assert found.shape == (5, 32)
    assert found.abs().max() <= 1
    assert torch.equal(network(x), network.name(found))
    assert network(x).shape == (5, 3)
