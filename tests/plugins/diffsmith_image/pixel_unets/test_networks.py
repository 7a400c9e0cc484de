"""Pixel U-Nets as a user gets them: one contract, whatever the options."""

from itertools import product

import pytest
import torch

from diffsmith.errors import SpecError
from diffsmith.nn.attention import PixelAttention
from diffsmith.options import checked_options
from diffsmith_image.pixel_unets.edm import ddpmpp, ncsnpp
from diffsmith_image.pixel_unets.plain import heads_of, pixel_unet
from diffsmith_image.pixel_unets.skip import skip_unet
from diffsmith_image.pixel_unets.unit_range import unit_range

SONG = {
    "width": [8],
    "multipliers": [(1,), (1, 2, 3)],
    "layers": [1, 2],
    "attention": [(), (0, -1)],
    "dropout": [0.1],
}
GRID = {
    pixel_unet: {
        "widths": [(8, 12)],
        "layers": [2],
        "attention": [(), (0, -1)],
        "up_attention": [None, (0,)],
        "head_dim": [4],
        "middle": ["attention", "unnormed", "resnets", "nothing"],
        "time": ["add", "scale_shift"],
        "resample": ["conv", "resnet"],
        "waves": [16],
        "dropout": [0.1],
    },
    skip_unet: {
        "widths": [(8,), (8, 16, 24)],
        "layers": [1, 2],
        "attention": [(), (0, -1)],
        "up_attention": [None, (0,)],
        "heads": [2],
        "groups": [None, 4],
    },
    ddpmpp: SONG,
    ncsnpp: SONG,
}
BUILDERS = list(GRID)


def choices(builder):
    """Every combination of the grid's options."""
    names, values = zip(*GRID[builder].items(), strict=True)
    return [dict(zip(names, combination, strict=True)) for combination in product(*values)]


def learned(network):
    """The network with no weight left at zero, so that everything has an effect."""
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return network


@pytest.fixture(autouse=True)
def steady():
    """One seed; one thread, as networks this small gain nothing from waiting for a second."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("builder", BUILDERS)
def test_any_options_keep_the_shape_and_reach_every_parameter(builder):
    for options in choices(builder):
        network = learned(builder((3, 8, 8), 4, **checked_options(builder, options, "model")))
        x = torch.randn(2, 3, 8, 8)
        out = network(x, torch.tensor([0.3, 2.0]), torch.tensor([1, 3]))
        out.square().mean().backward()
        assert out.shape == x.shape, options
        gradients = {name: weight.grad for name, weight in network.named_parameters()}
        assert all(grad is not None and grad.any() for grad in gradients.values()), options
        assert all(grad.isfinite().all() for grad in gradients.values()), options


@pytest.mark.parametrize("builder", BUILDERS)
def test_no_label_is_the_class_after_the_last(builder):
    network, x, t = learned(builder((1, 8, 8), 10)).eval(), torch.randn(2, 1, 8, 8), torch.tensor(5.0)
    nothing = network(x, t)
    assert torch.equal(nothing, network(x, t, torch.tensor([10, 10])))
    assert not torch.allclose(nothing, network(x, t, torch.tensor([9, 9])))


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_network_without_classes_takes_no_label(builder):
    network = learned(builder((1, 8, 8), None))
    assert network(torch.randn(2, 1, 8, 8), torch.tensor(5.0)).shape == (2, 1, 8, 8)
    assert not any("class" in name or "label" in name for name, _ in network.named_parameters())


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_sample_does_not_see_the_batch_it_rides_in(builder):
    network, x = learned(builder((1, 8, 8), 10)).eval(), torch.randn(3, 1, 8, 8)
    t, label = torch.tensor([1.0, 20.5, 300.0]), torch.tensor([1, 2, 3])
    together = network(x, t, label)
    torch.testing.assert_close(network(x[1:2], t[1], label[1:2]), together[1:2], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
@pytest.mark.parametrize("builder", BUILDERS)
def test_a_network_works_in_its_own_precision_whatever_that_of_the_time(builder, dtype):
    network, x = learned(builder((1, 8, 8), 10)).eval(), torch.randn(2, 1, 8, 8)
    label = torch.tensor([1, 2])
    for t in (torch.tensor(9.0, dtype=torch.float64), torch.tensor([9, 12])):
        exact = network.float()(x, t, label)
        out = network.to(dtype)(x.to(dtype), t, label)
        assert out.dtype == dtype
        assert (out.float() - exact).abs().max() < 0.1 * exact.abs().max()


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_network_can_be_drawn_up_before_it_has_numbers(builder):
    with torch.device("meta"):
        network = builder((3, 8, 8), 10)
    assert {weight.device.type for weight in network.parameters()} == {"meta"}
    kept = network.state_dict()
    filters = [each for name, each in network.named_buffers() if name not in kept]
    assert all(each.device.type == "cpu" for each in filters)


def test_variance_is_told_in_a_second_half_and_conditions_come_behind_x():
    network = pixel_unet((3, 8, 8), None, variance=True, extra_channels=2)
    assert network(torch.randn(2, 5, 8, 8), torch.tensor(5.0)).shape == (2, 6, 8, 8)


def test_attention_has_heads_of_one_size_or_of_one_number():
    def heads(**options):
        network = pixel_unet((3, 8, 8), None, widths=(16, 32), attention=(0, 1), **options)
        return [layer.heads for layer in network.modules() if isinstance(layer, PixelAttention)]

    assert heads(head_dim=8) == [2, 4, 4, 4, 4, 2, 2]
    assert set(heads(heads=4)) == {4}
    assert set(heads()) == {1}


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"heads": 3}, "heads 3 does not divide a level of 32 channels"),
        ({"head_dim": 5}, "head_dim 5 does not divide a level of 32 channels"),
        ({"head_dim": 64}, "head_dim 64 does not divide a level of 32 channels"),
        ({"heads": 2, "head_dim": 4}, "heads 2 and head_dim 4: give one of them"),
    ],
)
def test_heads_that_cannot_be_say_so(chosen, sentence):
    with pytest.raises(ValueError, match=sentence):
        heads_of(chosen.get("heads"), chosen.get("head_dim"))(32)


@pytest.mark.parametrize(
    ("builder", "options", "sentence"),
    [
        (pixel_unet, {"widths": (8,) * 4}, "4 levels do not fit a picture of 12x8: at most 3 are possible"),
        (skip_unet, {"widths": (8,) * 4}, "4 levels do not fit a picture of 12x8: at most 3 are possible"),
        (ncsnpp, {"multipliers": (1,) * 4}, "4 levels do not fit a picture of 12x8: at most 3 are possible"),
        (pixel_unet, {"attention": (2,)}, "attention at level 2 of 2: possible are -2 to 1"),
        (ddpmpp, {"attention": (-3,)}, "attention at level -3 of 2: possible are -2 to 1"),
    ],
)
def test_sizes_that_cannot_be_say_what_can(builder, options, sentence):
    with pytest.raises(ValueError) as caught:
        builder((1, 12, 8), 10, **options)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("builder", "options"),
    [
        (pixel_unet, {"widths": ()}),
        (pixel_unet, {"middle": "transformer"}),
        (skip_unet, {"layers": 0}),
        (ddpmpp, {"width": 12}),
        (ncsnpp, {"multipliers": (0,)}),
    ],
)
def test_options_out_of_range_are_found_before_building(builder, options):
    with pytest.raises(SpecError, match=next(iter(options))):
        checked_options(builder, options, "model")


def test_pictures_between_0_and_1_come_back():
    coder, x = unit_range(), torch.tensor([[-1.0, 0.0, 1.0]])
    assert coder.encode(x).tolist() == [[0.0, 0.5, 1.0]]
    assert torch.equal(coder.decode(coder.encode(x)), x)
    assert (coder.channels, coder.factor) == (3, 1)
