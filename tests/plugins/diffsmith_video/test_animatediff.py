"""The motion U-Net as a user gets it: any options that fit make a network, others say what does."""

from itertools import product

import pytest
import torch

from diffsmith.options import checked_options
from diffsmith_video.animatediff import motion_unet

SMALL = {"widths": (8, 16), "groups": 4, "heads": (2, 2), "motion_heads": (2, 4), "frames_max": 5}
GRID = {
    "layers": [1, 2],
    "depths": [(1, 2), (0, 1)],
    "middle": [None, 0, 2],
    "motion_depths": [(1, 2), (0, 1)],
    "motion_middle": [0, 1],
    "text_width": [0, 6],
}


def learned(network):
    """The network with no weight left at zero, so that everything has an effect."""
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return network


def built(classes=None, shape=(4, 3, 8, 8), **options):
    return motion_unet(shape, classes, **checked_options(motion_unet, SMALL | options, "model"))


@pytest.mark.parametrize("choice", [*product(*GRID.values())], ids=str)
def test_any_options_keep_the_shape_and_reach_every_parameter(choice):
    options = dict(zip(GRID, choice, strict=True))
    network = learned(built(3, **options))
    text = torch.randn(2, 5, 6) if options["text_width"] else None
    x = torch.randn(2, 4, 3, 7, 6)
    out = network(x, torch.tensor([0.3, 700.0]), torch.tensor([1, 3]), text=text)
    out.square().mean().backward()
    assert out.shape == x.shape
    gradients = {name: weight.grad for name, weight in network.named_parameters()}
    assert [name for name, gradient in gradients.items() if gradient is None or not gradient.any()] == []


def test_motion_may_have_depths_of_its_own_on_the_way_up():
    network = built(layers=2, motion_depths=((1, 2), 1), motion_up_depths=(0, (3, 1, 2)), motion_middle=2)

    def depths(blocks):
        return [
            [len(getattr(layer, "transformer_blocks", ())) for layer in block.motion_modules]
            for block in blocks
        ]

    assert depths([*network.down_blocks, network.mid_block]) == [[1, 2], [1, 1], [2]]
    assert depths(network.up_blocks) == [[3, 1, 2], [0, 0, 0]]


def test_how_many_frames_it_tells_apart_is_known():
    assert built().frames_max == 5
    with pytest.raises(ValueError, match="6 frames are more than this network tells apart: 5"):
        built()(torch.randn(1, 4, 6, 8, 8), torch.tensor(3))


def test_before_training_its_motion_is_silent():
    torch.manual_seed(0)
    network, x = built(depths=(1, 1)).eval(), torch.randn(1, 4, 3, 8, 8)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "motion_modules" not in name:
                weight.add_(0.1 * torch.randn_like(weight))
        out = network(x, torch.tensor(3))
        each = [network(x[:, :, frame : frame + 1], torch.tensor(3)) for frame in range(3)]
    torch.testing.assert_close(out, torch.cat(each, dim=2), rtol=1e-4, atol=1e-5)


def test_the_largest_is_built_without_memory():
    with torch.device("meta"):
        network = built(
            widths=(320, 640, 1280),
            heads=(5, 10, 20),
            depths=(0, 2, 10),
            motion_heads=(8,) * 3,
            motion_depths=(1,) * 3,
            groups=32,
        )
    assert {weight.device.type for weight in (*network.parameters(), *network.buffers())} == {"meta"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"heads": (2,)}, "heads are 1 for 2 widths: give one for each level"),
        ({"motion_heads": (2,)}, "motion_heads are 1 for 2 widths: give one for each level"),
        ({"motion_depths": (1, 1, 1)}, "motion_depths are 3 for 2 widths: give one for each level"),
        ({"motion_up_depths": (1, (1,))}, "motion_depths [1] of a level with 2 residual blocks: give 2"),
        ({"motion_heads": (2, 3)}, "3 motion_heads do not divide the 16 channels of level 1"),
    ],
)
def test_numbers_that_do_not_fit_each_other_say_what_would(options, sentence):
    with pytest.raises(ValueError) as caught:
        built(**options)
    assert str(caught.value) == sentence
