import pytest
import torch

from diffsmith.caches import cache_folder
from diffsmith.data import Data, Split
from diffsmith_image import classifier, features
from diffsmith_image.classifier import Classifier, train, turned
from diffsmith_image.features import embedder


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """A few steps only, and a cache of its own."""
    monkeypatch.setattr(classifier, "_STEPS", 5)
    monkeypatch.setenv("DIFFSMITH_CACHE", str(tmp_path))
    return tmp_path / "features"


def small(digits, labels=True):
    part = Split(digits.train.x[:100].clone(), digits.train.label[:100] if labels else None)
    return Data("small", "image", part, part, part)


def test_the_classifier_knows_digits_it_never_saw(digits, embed):
    network = train(digits.train.x, digits.train.label)
    right = network(digits.validation.x).argmax(1) == digits.validation.label
    assert right.float().mean() >= 0.97
    assert torch.equal(embed(digits.test.x), network.features(digits.test.x))


def test_features_are_32_numbers_within_one(digits, embed):
    found = embed(digits.test.x)
    assert found.shape == (396, 32)
    assert found.abs().max() <= 1
    assert not found.requires_grad


def test_training_is_repeatable_and_touches_no_random_state(digits, quick):
    data = small(digits)
    torch.manual_seed(5)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    first = train(data.train.x, data.train.label)
    torch.randn(3)
    second = train(data.train.x, data.train.label)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    torch.manual_seed(5)
    with torch.inference_mode():
        embedder(data)
        embedder(data)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_the_cache_is_used_and_damage_is_mended(digits, quick, monkeypatch):
    data, x = small(digits), digits.test.x[:9]
    fresh = embedder(data)(x)
    (kept,) = quick.iterdir()
    trained = []
    monkeypatch.setattr(features, "train", lambda *rows: trained.append(1) or train(*rows))
    assert torch.equal(embedder(data)(x), fresh)
    assert not trained
    for damage in (b"", kept.read_bytes()[:-9], b"junk" * 99):
        kept.write_bytes(damage)
        assert torch.equal(embedder(data)(x), fresh)
    assert len(trained) == 3
    assert torch.equal(embedder(data)(x), fresh)
    assert len(trained) == 3


def test_other_data_and_other_recipes_get_other_features(digits, quick, monkeypatch):
    embedder(small(digits))
    embedder(small(digits, labels=False))
    changed = small(digits)
    changed.train.x[0, 0, 0, 0] += 0.01
    embedder(changed)
    assert len(list(quick.iterdir())) == 3
    monkeypatch.setattr(features, "_RECIPE", "another")
    embedder(small(digits))
    assert len(list(quick.iterdir())) == 4


def test_a_cache_that_cannot_be_written_costs_no_score(digits, quick, monkeypatch):
    quick.parent.joinpath("features").write_text("a file stands where the folder should be")
    assert embedder(small(digits))(digits.test.x[:2]).shape == (2, 32)


def test_without_labels_rotations_are_learnt(digits, quick, monkeypatch):
    seen = []
    monkeypatch.setattr(features, "train", lambda x, label: seen.append((x, label)) or train(x, label))
    embedder(small(digits, labels=False))
    x, label = seen[0]
    assert x.shape == (400, 1, 8, 8)
    assert torch.equal(x[label == 1], digits.train.x[:100].rot90(1, (-2, -1)))


def test_oblong_pictures_are_turned_upside_down_only():
    x, label = turned(torch.randn(3, 1, 4, 8))
    assert torch.equal(x[3:], x[:3].flip(-1, -2))
    assert label.tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 28, 28), (3, 20, 33), (3, 64, 64)])
def test_every_size_of_picture_fits(shape):
    network = Classifier(shape, 5)
    assert network(torch.randn(2, *shape)).shape == (2, 5)


def test_the_cache_lies_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("DIFFSMITH_CACHE", str(tmp_path / "ours"))
    assert cache_folder("features") == tmp_path / "ours" / "features"
    monkeypatch.delenv("DIFFSMITH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder("features") == tmp_path / "xdg" / "diffsmith" / "features"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder("features") == tmp_path / ".cache" / "diffsmith" / "features"
