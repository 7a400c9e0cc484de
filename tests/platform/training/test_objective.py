from dataclasses import replace

import pytest
import torch

from diffsmith.data import Split
from diffsmith.training.material import material_of
from diffsmith.training.objective import objective_of


class Asked:
    """A network that answers nothing and keeps what it was asked."""

    def __call__(self, x, timestep, label=None):
        self.x, self.timestep, self.label = x, timestep, label
        return torch.zeros_like(x)


@pytest.fixture
def objective(lab, spec_of):
    spec = spec_of(model={"shape": [1, 4, 4], "classes": 3}, class_dropout=0.5)
    return objective_of(spec, lab, told(BATCH, 3))


def told(rows, classes):
    return material_of(rows, None, classes, None)


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
def test_without_classes_the_network_hears_of_none(objective, batch, classes):
    asked, material = Asked(), told(batch, classes)
    replace(objective, told=material.told, nobody=material.nobody)(asked, material.rows)
    assert asked.label is None


def test_a_network_that_answers_nothing_loses_the_square_of_the_target(lab, spec_of):
    spec = spec_of(model={"prediction": "sample"})
    rows = Split(torch.full((4, 1, 2, 2), 3.0), None)
    zeros = objective_of(spec, lab, told(rows, None))(Asked(), rows)
    assert zeros == pytest.approx(9.0)
