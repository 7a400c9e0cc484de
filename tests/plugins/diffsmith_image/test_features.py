import torch

from diffsmith.features import classifier_of
from diffsmith.features.pictures import PICTURES


def test_the_classifier_knows_digits_it_never_saw(digits, embed):
    known = classifier_of(digits.train, PICTURES)
    right = known.name(digits.validation.x) == digits.validation.label
    assert right.float().mean() >= 0.97
    assert torch.equal(embed(digits.test.x), known.network.features(digits.test.x))


def test_features_are_32_numbers_within_one(digits, embed):
    found = embed(digits.test.x)
    assert found.shape == (396, 32)
    assert found.abs().max() <= 1
    assert not found.requires_grad
