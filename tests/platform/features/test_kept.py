from dataclasses import replace

import pytest
import torch

from diffsmith.data import Split
from diffsmith.features import classifier_of, kept

from .rows import TOY, rows

QUICK = replace(TOY, steps=5)


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("DIFFSMITH_CACHE", str(tmp_path))
    return tmp_path / "features"


def test_classes_are_named():
    unseen = rows(seed=1)
    seen = classifier_of(rows(), TOY).name(unseen.x)
    assert (seen == unseen.label).float().mean() > 0.9


def test_classes_are_named_whatever_view_is_seen():
    recipe = replace(TOY, spoilt=[lambda row: row + 100], steps=400)
    unseen = rows(seed=1)
    trained = classifier_of(rows(), recipe)
    assert trained.network(unseen.x).shape == (300, 6)
    assert (trained.name(unseen.x) == unseen.label).float().mean() > 0.9


def test_rows_are_looked_at_a_few_at_a_time(monkeypatch):
    trained, x = classifier_of(rows(), QUICK), rows(99).x
    whole, calls = trained.embed(x), []
    monkeypatch.setattr(kept, "_NUMBERS", 40)
    look = trained.network.features
    trained.network.features = lambda part: calls.append(len(part)) or look(part)
    torch.testing.assert_close(trained.embed(x), whole)
    assert calls == [10] * 9 + [9]
    assert not whole.requires_grad


def test_the_cache_is_used_and_damage_is_mended(folder, monkeypatch):
    data, x = rows(), rows(9, seed=1).x
    fresh = classifier_of(data, QUICK).embed(x)
    (file,) = folder.iterdir()
    trained, train = [], kept.train
    monkeypatch.setattr(kept, "train", lambda *given: trained.append(1) or train(*given))
    assert torch.equal(classifier_of(data, QUICK).embed(x), fresh)
    assert not trained
    for damage in (b"", file.read_bytes()[:-9], b"junk" * 99):
        file.write_bytes(damage)
        assert torch.equal(classifier_of(data, QUICK).embed(x), fresh)
    assert len(trained) == 3
    assert torch.equal(classifier_of(data, QUICK).embed(x), fresh)
    assert len(trained) == 3


def test_other_data_and_other_recipes_get_other_features(folder):
    classifier_of(rows(), QUICK)
    classifier_of(rows(labels=False), QUICK)
    changed = rows()
    changed.x[0, 0] += 0.01
    classifier_of(changed, QUICK)
    assert len(list(folder.iterdir())) == 3
    classifier_of(rows(), replace(QUICK, name="toy 2"))
    assert len(list(folder.iterdir())) == 4


def test_one_label_for_all_is_none(folder):
    data = rows()
    classifier_of(Split(data.x, torch.zeros(300, dtype=torch.int64)), QUICK)
    classifier_of(Split(data.x, None), QUICK)
    assert len(list(folder.iterdir())) == 1


def test_a_cache_that_cannot_be_written_costs_no_score(folder):
    folder.write_text("a file stands where the folder should be")
    assert classifier_of(rows(), QUICK).embed(rows(2).x).shape == (2, 32)
