"""The conditional U-Net as a user gets it: any options that fit make a network, others say what does."""

from itertools import product

import pytest
import torch
from torch.nn import functional as F

from diffsmith.errors import SpecError
from diffsmith.options import checked_options
from diffsmith_image.conditional_unet import conditional_unet

SMALL = {"widths": (8, 16), "groups": 4, "heads": (2, 2)}
TEXT = {"text_width": 6}
GRID = {
    "layers": [1, 2],
    "depths": [(1, 2), (0, 1)],
    "middle": [None, 0, 2],
    "linear": [False, True],
    "text_width": [0, 6],
}


def learned(network):
    """The network with no weight left at zero, so that everything has an effect."""
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return network


def built(classes=None, shape=(4, 8, 8), **options):
    options = SMALL | options
    return conditional_unet(shape, classes, **checked_options(conditional_unet, options, "model"))


@pytest.mark.parametrize("choice", [*product(*GRID.values())], ids=str)
def test_any_options_keep_the_shape_and_reach_every_parameter(choice):
    options = dict(zip(GRID, choice, strict=True))
    network = learned(built(3, **options))
    text = torch.randn(2, 5, 6) if options["text_width"] else None
    x = torch.randn(2, 4, 7, 6)
    out = network(x, torch.tensor([0.3, 700.0]), torch.tensor([1, 3]), text=text)
    out.square().mean().backward()
    assert out.shape == x.shape
    gradients = {name: weight.grad for name, weight in network.named_parameters()}
    assert [name for name, gradient in gradients.items() if gradient is None or not gradient.any()] == []


def test_all_that_published_networks_are_told_reaches_every_parameter():
    network = learned(built(3, **TEXT, added=5 + 2 * 8, size_waves=8, guidance=4, extra_channels=5))
    told = {"text": torch.randn(2, 5, 6), "pooled": torch.randn(2, 5), "beside": torch.randn(2, 5, 8, 8)}
    x = torch.randn(2, 4, 8, 8)
    sizes, guidance = torch.tensor([[64.0, 32.0], [8.0, 0.0]]), torch.tensor([2.0, 7.5])
    out = network(x, torch.tensor(5), torch.tensor([0, 3]), **told, sizes=sizes, guidance=guidance)
    assert out.shape == (2, 4, 8, 8)
    out.square().mean().backward()
    assert [name for name, weight in network.named_parameters() if not weight.grad.any()] == []


def test_blocks_may_have_depths_of_their_own():
    network = built(**TEXT, layers=2, depths=((1, 2), 1), up_depths=(0, (3, 1, 2)), middle=1)

    def depths(blocks):
        return [
            [len(getattr(layer, "transformer_blocks", ())) for layer in block.attentions] for block in blocks
        ]

    assert depths(network.down_blocks) == [[1, 2], [1, 1]]
    assert depths(network.up_blocks) == [[3, 1, 2], [0, 0, 0]]


def test_without_a_text_the_default_learns_from_classes_alone():
    torch.manual_seed(0)
    network, x = conditional_unet((1, 8, 8), 2), torch.randn(8, 1, 8, 8)
    label = torch.arange(8) % 2
    target = x.flip(3) + label[:, None, None, None]
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    losses = []
    for _ in range(30):
        loss = F.mse_loss(network(x, torch.tensor(10.0), label), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_a_text_counts_and_the_order_of_its_states_does_not():
    network, x, text = learned(built(**TEXT)).eval(), torch.randn(1, 4, 8, 8), torch.randn(1, 5, 6)
    with torch.no_grad():
        out = network(x, torch.tensor(5), text=text)
        torch.testing.assert_close(out, network(x, torch.tensor(5), text=text.flip(1)))
        assert not torch.allclose(out, network(x, torch.tensor(5), text=-text))


def test_the_largest_is_built_without_memory():
    with torch.device("meta"):
        network = built(**TEXT, widths=(320, 640, 1280), heads=(5, 10, 20), depths=(0, 2, 10), groups=32)
    assert {weight.device.type for weight in (*network.parameters(), *network.buffers())} == {"meta"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"heads": (2,)}, "heads are 1 for 2 widths: give one for each level"),
        ({"depths": (1, 1, 1)}, "depths are 3 for 2 widths: give one for each level"),
        ({"up_depths": (1,)}, "up_depths are 1 for 2 widths: give one for each level"),
        ({"depths": (0, (1, 2))}, "depths [1, 2] of a level with 1 residual blocks: give 1"),
        ({"up_depths": (0, (1,))}, "depths [1] of a level with 2 residual blocks: give 2"),
        ({"heads": (2, 3)}, "3 heads do not divide the 16 channels of level 1"),
    ],
)
def test_numbers_that_do_not_fit_each_other_say_what_would(options, sentence):
    with pytest.raises(ValueError) as caught:
        built(**options)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    "options", [{"widths": ()}, {"depths": (-1, 1)}, {"depths": ((), 1)}, {"middle": -1}, {"size_waves": 3}]
)
def test_options_out_of_range_are_found_before_building(options):
    with pytest.raises(SpecError, match=next(iter(options))):
        built(**options)
