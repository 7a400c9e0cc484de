from dataclasses import replace

import pytest
import torch

from diffsmith.data import Data, Split
from diffsmith.training.material import material_of
from diffsmith.training.objective import objective_of


class Asked:
    """A network that answers nothing, in so many channels, and keeps what it was asked."""

    def __init__(self, channels=1):
        self.channels = channels

    def __call__(self, x, timestep, label=None):
        self.x, self.timestep, self.label = x, timestep, label
        return torch.zeros(len(x), self.channels, *x.shape[2:], requires_grad=True)


@pytest.fixture
def objective(lab, spec_of):
    spec = spec_of(model={"shape": [1, 4, 4], "classes": 3}, class_dropout=0.5)
    return objective_of(spec, lab, material(lab, spec, BATCH, 3))


def material(lab, spec, rows, classes):
    return material_of(spec, Data("dots", "image", rows, rows, rows, classes=classes), lab)


BATCH = Split(torch.ones(400, 1, 4, 4), torch.arange(400) % 3)


def test_each_row_has_a_noise_level_of_its_own(objective):
    asked = Asked()
    loss = objective(asked, BATCH)
    assert loss.shape == ()
    assert asked.timestep.shape == (400,)
    assert asked.timestep.unique().numel() > 300
    assert asked.timestep.min() >= 0
    assert asked.timestep.max() <= 999


@pytest.mark.parametrize(("share", "low", "high"), [(0.0, 0, 0), (0.5, 150, 250), (1.0, 400, 400)])
def test_that_share_of_the_labels_is_dropped_and_the_others_stay(objective, share, low, high):
    asked = Asked()
    replace(objective, class_dropout=share)(asked, BATCH)
    dropped = asked.label == 3
    assert low <= int(dropped.sum()) <= high
    assert torch.equal(asked.label[~dropped], BATCH.label[~dropped])


@pytest.mark.parametrize(("batch", "classes"), [(Split(BATCH.x, None), 3), (BATCH, None)])
def test_without_classes_the_network_hears_of_none(lab, spec_of, objective, batch, classes):
    asked, known = Asked(), material(lab, spec_of(), batch, classes)
    replace(objective, told=known.told, instead=known.instead)(asked, known.rows)
    assert asked.label is None


def test_a_network_that_answers_nothing_loses_the_square_of_the_target(lab, spec_of):
    spec = spec_of(model={"prediction": "sample"})
    rows = Split(torch.full((4, 1, 2, 2), 3.0), None)
    objective = objective_of(spec, lab, material(lab, spec, rows, None))
    assert objective(Asked(), rows).item() == pytest.approx(9.0)
    assert objective(Asked(channels=2), rows).item() == pytest.approx(9.0), "the second half is its variance"
