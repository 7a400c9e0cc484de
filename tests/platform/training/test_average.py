import pytest
import torch
from torch import nn

from diffsmith.training.average import Average

CPU = torch.device("cpu")


def stepped(network):
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(1)


@pytest.mark.parametrize("decay", [0.5, 0.9])
def test_it_follows_the_network_and_is_another(decay):
    network = nn.Linear(2, 2)
    average = Average(network, decay, CPU)
    first = None
    for _ in range(3):
        stepped(network)
        average.update()
        now = network.weight.detach().clone()
        first = now if first is None else decay * first + (1 - decay) * now
    torch.testing.assert_close(average.module.weight, first)
    assert average.module is not network


def test_at_a_decay_of_nothing_it_is_the_network_and_has_nothing_to_keep():
    network = nn.Linear(2, 2)
    average = Average(network, 0, CPU)
    stepped(network)
    average.update()
    assert average.module is network
    assert average.state_dict() == {}


def test_what_was_kept_is_taken_up(tmp_path):
    network = nn.Linear(2, 2)
    kept = Average(network, 0.9, CPU)
    stepped(network)
    kept.update()
    stepped(network)
    kept.update()
    other = Average(nn.Linear(2, 2), 0.9, CPU)
    other.fill(kept.state_dict(), tmp_path)
    assert torch.equal(other.module.weight, kept.module.weight)
