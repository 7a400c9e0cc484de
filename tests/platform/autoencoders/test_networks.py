"""The autoencoders that a spec can name: what they may be, and what is told where they may not."""

import pytest
import torch

from diffsmith.autoencoders import networks
from diffsmith.errors import SpecError
from diffsmith.options import checked_options

FAULTS = {
    "widths of no whole groups": ("kl", {"widths": (32, 48)}, "widths: must be multiples of groups, 32; 48"),
    "a level that is not there": ("vq", {"attention": (3,)}, "no level 3 of 3; possible are -3 to 2"),
    "a mean for some channels": ("kl", {"mean": (1.0,), "std": (1.0,)}, "each of 4 channels, got 1 and 1"),
    "a mean without a spread": ("kl", {"mean": (0.0,) * 4}, "each of 4 channels, got 4 and 0"),
    "a width that cannot be halved": (
        "paella",
        {"width": 9},
        "width: must be halved 1 times for 2 levels, got 9",
    ),
    "coders of unlike depth": ("tiny", {"encoder_blocks": (1, 1)}, "as many levels, got 2 and 4"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_cannot_be_is_told(case):
    name, options, told = FAULTS[case]
    with pytest.raises(SpecError, match=told):
        getattr(networks, name)(**options)


@pytest.mark.parametrize(
    "wrong", [{"scaling": 0}, {"widths": ()}, {"channels": 0}, {"scaling": float("inf")}]
)
def test_options_are_checked_before_anything_is_built(wrong):
    with pytest.raises(SpecError):
        checked_options(networks.kl, wrong, "autoencoder")


def test_levels_can_be_counted_from_the_coarsest():
    with torch.device("meta"):
        last, named = (networks.kl(attention=(level,)) for level in (-1, 3))
    assert last.state_dict().keys() == named.state_dict().keys()
    assert "encoder.down_blocks.3.attentions.1.to_q.weight" in last.state_dict()


def test_what_a_pipeline_asks_for_can_be_chosen():
    with torch.device("meta"):
        chosen = networks.kl(sample_size=1024, needs_float32=True)
    assert (chosen.sample_size, chosen.needs_float32) == (1024, True)
