"""The U-Net that moves a picture, as a user gets it: what fits makes a network, the rest says what would."""

from itertools import product

import pytest
import torch
from torch.nn import functional as F

from diffsmith.errors import SpecError
from diffsmith.options import checked_options
from diffsmith_video.spatio_temporal_unet import spatio_temporal_unet

SMALL = {"widths": (8, 16), "heads": (2, 2)}
GRID = {
    "layers": [1, 2],
    "depths": [(1, 2), (0, 1), (1, 0)],
    "middle": [1, 2],
    "text_width": [0, 6],
    "numbers": [0, 2],
}


def built(classes=None, shape=(4, 3, 8, 8), **options):
    chosen = checked_options(spatio_temporal_unet, SMALL | options, "model")
    network = spatio_temporal_unet(shape, classes, **chosen)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.1 * torch.randn_like(weight))  # no weight left at zero: everything has an effect
    return network


@pytest.mark.parametrize("choice", [*product(*GRID.values())], ids=str)
def test_any_options_keep_the_shape_and_reach_every_parameter(choice):
    options = dict(zip(GRID, choice, strict=True))
    network, x = built(3, **options, number_waves=4, extra_channels=2), torch.randn(2, 4, 3, 7, 6)
    told = {"beside": torch.randn(2, 2, 1, 7, 6)}
    if options["text_width"]:
        told["text"] = torch.randn(2, 5, 6)
    if options["numbers"]:
        told["numbers"] = torch.tensor([[6.0, 127.0], [6.0, 40.0]])
    out = network(x, torch.tensor([0.3, -1.0]), torch.tensor([1, 3]), **told)
    assert out.shape == x.shape
    out.square().mean().backward()
    gradients = {name: weight.grad for name, weight in network.named_parameters()}
    assert [name for name, gradient in gradients.items() if gradient is None or not gradient.any()] == []


def test_residual_blocks_divide_by_more_in_the_middle_and_where_a_way_down_does_not_attend():
    network = built(depths=(1, 0))
    more = ("down_blocks.1.resnets.", "mid_block.resnets.", "conv_norm_out")
    for name, layer in network.named_modules():
        if isinstance(layer, torch.nn.GroupNorm):
            assert layer.eps == (1e-5 if name.startswith(more) else 1e-6), name


def test_the_default_learns_from_classes_alone():
    torch.manual_seed(0)
    network, x = spatio_temporal_unet((1, 3, 8, 8), 2), torch.randn(4, 1, 3, 8, 8)
    label = torch.arange(4) % 2
    target = x.flip(2) + label[:, None, None, None, None]
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    losses = []
    for _ in range(30):
        loss = F.mse_loss(network(x, torch.tensor(1.0), label), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"heads": (2,)}, "heads are 1 for 2 widths: give one for each level"),
        ({"depths": (1, 1, 1)}, "depths are 3 for 2 widths: give one for each level"),
        ({"heads": (2, 3)}, "3 heads do not divide the 16 channels of level 1"),
    ],
)
def test_numbers_that_do_not_fit_each_other_say_what_would(options, sentence):
    with pytest.raises(ValueError) as caught:
        built(**options)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("options", [{"widths": ()}, {"depths": (-1, 1)}, {"middle": 0}, {"number_waves": 3}])
def test_options_out_of_range_are_found_before_building(options):
    with pytest.raises(SpecError, match=next(iter(options))):
        built(**options)
