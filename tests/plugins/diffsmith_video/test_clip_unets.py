"""The U-Nets of clips as a user gets them: any options that fit make a network, others say what does."""

from itertools import product

import pytest
import torch

from diffsmith.errors import SpecError
from diffsmith.options import checked_options
from diffsmith_video.clip_unet import clip_unet
from diffsmith_video.i2vgen import i2vgen
from diffsmith_video.videocrafter import videocrafter

SMALL = {"widths": (8, 16), "groups": 4, "head_dim": 4, "text_width": 6}
LEVELS = {"attends": [(True, False), (False, False), (True, True)], "layers": [1, 2]}
GRIDS = {
    clip_unet: LEVELS | {"extra_channels": [0, 2]},
    i2vgen: LEVELS,
    videocrafter: {
        "attends": [(True, False)],
        "fps": [True, False],
        "convolved": [True, False],
        "reach": [0, 2],
        "image_width": [0, 5],
    },
}
CASES = [
    (builder, dict(zip(grid, values, strict=True)))
    for builder, grid in GRIDS.items()
    for values in product(*grid.values())
]


def built(builder, **options):
    whole = SMALL | options
    return builder((4, 3, 8, 8), None, **checked_options(builder, whole, "model"))


def told(builder, options):
    draws = {"text": torch.randn(2, 5, 6)}
    if builder is i2vgen:
        return draws | {
            "beside": torch.randn(2, 4, 3, 7, 6),
            "image": torch.randn(2, 6),
            "fps": torch.ones(2),
        }
    if extra := options.get("extra_channels"):
        draws["beside"] = torch.randn(2, extra, 1, 7, 6)
    if options.get("fps"):
        draws["fps"] = torch.tensor([8.0, 24.0])
    if width := options.get("image_width"):
        draws["image"] = torch.randn(2, 9, width)
    return draws


@pytest.mark.parametrize(
    ("builder", "options"), CASES, ids=[f"{builder.__name__} {options}" for builder, options in CASES]
)
def test_any_options_keep_the_shape_and_reach_every_parameter(builder, options):
    network, x = built(builder, **options), torch.randn(2, 4, 3, 7, 6)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    out = network(x, torch.tensor([0.3, 700.0]), **told(builder, options))
    out.square().mean().backward()
    assert out.shape == x.shape
    assert [name for name, weight in network.named_parameters() if not weight.grad.any()] == []


@pytest.mark.parametrize("builder", GRIDS)
def test_the_default_is_built_without_memory_and_knows_any_number_of_frames(builder):
    with torch.device("meta"):
        network = builder((4, 16, 32, 32), None)
    assert {weight.device.type for weight in (*network.parameters(), *network.buffers())} == {"meta"}
    assert not hasattr(network, "frames_max")


@pytest.mark.parametrize("builder", GRIDS)
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"attends": (True,)}, "attends are 1 for 2 widths: give one for each level"),
        (
            {"head_dim": 16, "attends": (True, False)},
            "head_dim 16 does not divide 8 channels that attend",
        ),
        ({"head_dim": 5}, "head_dim 5 does not divide 16 channels that attend"),
    ],
)
def test_numbers_that_do_not_fit_each_other_say_what_would(builder, options, sentence):
    with pytest.raises(ValueError) as caught:
        built(builder, **options)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("builder", GRIDS)
@pytest.mark.parametrize("options", [{"widths": ()}, {"layers": 0}, {"text_width": 0}, {"groups": 0}])
def test_options_out_of_range_are_found_before_building(builder, options):
    with pytest.raises(SpecError, match=next(iter(options))):
        built(builder, **options)
