from copy import deepcopy

import torch
from torch import nn

from diffsmith.engine.wrapping import wrap


def doubled(forward, by, x):
    return by * forward(x)


def test_a_wrapped_module_keeps_its_weights_and_names():
    layer, x = nn.Linear(2, 2), torch.randn(3, 2)
    plain, names = layer(x), [*layer.state_dict()]
    assert torch.equal(wrap(layer, doubled, 2)(x), 2 * plain)
    assert [*layer.state_dict()] == names


def test_wrappings_stack_the_last_outermost():
    layer = wrap(wrap(nn.Identity(), doubled, 2), lambda forward, x: forward(x) + 1)
    assert layer(torch.tensor(3.0)) == 7


def test_a_deep_copy_is_wrapped_around_its_own_weights():
    layer = wrap(nn.Linear(2, 2), doubled, 2)
    copy = deepcopy(layer)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    assert not layer(torch.ones(1, 2)).any()
    assert copy(torch.ones(1, 2)).any()
