from dataclasses import replace

import torch

from diffsmith.features import learning
from diffsmith.features.learning import train, untrained

from .rows import TOY, rows


def test_it_learns_the_labels():
    data, unseen = rows(), rows(seed=1)
    assert (train(TOY, data.x, data.label)(unseen.x).argmax(1) == unseen.label).float().mean() > 0.9


def test_training_is_repeatable_and_touches_no_random_state():
    data = rows()
    torch.manual_seed(5)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    first = train(TOY, data.x, data.label)
    assert torch.equal(torch.get_rng_state(), before)
    torch.randn(3)
    with torch.inference_mode():
        second = train(TOY, data.x, data.label)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert torch.get_num_threads() == threads
    assert not any(parameter.requires_grad for parameter in first.parameters())


def test_without_labels_its_poses_are_the_classes():
    x = torch.arange(200.0).view(50, 4)
    seen, named = learning._drawn(TOY, x, None)
    assert untrained(TOY, x, None)(x).shape == (50, 2)
    assert set(named.tolist()) == {0, 1}
    upright = seen[:, 0] < seen[:, 3]
    assert torch.equal(named == 0, upright)


def test_labelled_rows_are_shown_as_they_are():
    x, label = torch.arange(200.0).view(50, 4), torch.arange(50) % 3
    seen, named = learning._drawn(TOY, x, label)
    place = (seen[:, 0] / 4).long()
    assert torch.equal(seen, x[place])
    assert torch.equal(named, label[place])


def test_labelled_rows_are_shown_spoilt_too_and_that_is_told():
    recipe = replace(TOY, spoilt=[torch.zeros_like, lambda row: -row])
    x, label = 1 + torch.arange(200.0).view(50, 4), torch.arange(50) % 3
    assert untrained(recipe, x, label)(x).shape == (50, 9)
    seen, named = learning._drawn(recipe, x, label)
    view = named % 3
    assert set(view.tolist()) == {0, 1, 2}
    assert torch.equal(view == 1, (seen == 0).all(1))
    assert torch.equal(view == 2, seen[:, 0] < 0)
    place = ((seen[:, 0].abs() - 1) / 4).long()[view != 1]
    assert torch.equal((named // 3)[view != 1], label[place])
