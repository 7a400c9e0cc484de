"""The native networks as a user gets them: one contract, whatever the options."""

from itertools import product

import pytest
import torch
from torch.nn import functional as F

from diffsmith.errors import SpecError
from diffsmith.options import checked_options
from diffsmith_image.dit import dit
from diffsmith_image.unet import unet
from diffsmith_image.uvit import uvit

BUILDERS = [unet, dit, uvit]
GRID = {
    unet: {
        "width": [8, 24],
        "multipliers": [(1,), (1, 2, 3)],
        "layers": [1, 2],
        "attention": [(), (0, -1)],
        "heads": [2],
        "time": ["add", "scale_shift"],
        "resample": ["conv", "resnet"],
        "dropout": [0.1],
    },
    dit: {
        "patch": [1, 4],
        "heads": [1, 3],
        "head_dim": [4, 8],
        "depth": [1, 2],
        "mlp_ratio": [1.5],
        "dropout": [0.1],
        "embeddings": ["shared", "per_block"],
        "variance": [True],
    },
    uvit: {
        "patch": [1, 4],
        "width": [16, 48],
        "depth": [1, 5],
        "heads": [1, 8],
        "time_mlp": [True],
        "bias": [True],
        "skips": [True, False],
        "conv": [False],
    },
}


def choices(builder):
    """Every combination of the grid's options."""
    names, values = zip(*GRID[builder].items(), strict=True)
    return [dict(zip(names, combination, strict=True)) for combination in product(*values)]


ALL = [(builder, options) for builder in BUILDERS for options in choices(builder)]
NAMES = [f"{builder.__name__} {options}" for builder, options in ALL]


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


@pytest.mark.parametrize(("builder", "options"), ALL, ids=NAMES)
def test_any_options_keep_the_shape_and_reach_every_parameter(builder, options):
    network = learned(builder((3, 8, 12), 4, **checked_options(builder, options, "model")))
    x = torch.randn(2, 3, 8, 12)
    out = network(x, torch.tensor([0.3, 700.0]), torch.tensor([1, 4]))
    out.square().mean().backward()
    assert out.shape == (2, 6 if options.get("variance") else 3, 8, 12)
    gradients = {name: weight.grad for name, weight in network.named_parameters()}
    assert [name for name, gradient in gradients.items() if gradient is None] == []
    assert all(gradient.isfinite().all() for gradient in gradients.values())
    assert sum(bool(gradient.any()) for gradient in gradients.values()) == len(gradients)


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
    network, x = builder((1, 8, 8), 10).to(dtype), torch.randn(2, 1, 8, 8, dtype=dtype)
    for t in (torch.tensor(9.0, dtype=torch.float64), torch.tensor([9, 12])):
        assert network(x, t).dtype == dtype


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_network_learns_what_depends_on_picture_time_and_class(builder):
    network, x = builder((1, 8, 8), 2), torch.randn(8, 1, 8, 8)
    t, label = torch.rand(8) * 1000, torch.arange(8) % 2
    target = x.flip(3) * (t / 1000)[:, None, None, None] + label[:, None, None, None]
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    losses = []
    for _ in range(50):
        loss = F.mse_loss(network(x, t, label), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize(
    ("builder", "options", "sentence"),
    [
        (
            unet,
            {"multipliers": (1, 1, 1, 1)},
            "4 levels do not fit a picture of 12x8: at most 3 are possible",
        ),
        (unet, {"attention": (2,)}, "attention at level 2 of 2: possible are -2 to 1"),
        (dit, {"patch": 3}, "patch 3 does not divide a picture of 12x8: possible are 1, 2, 4"),
        (uvit, {"patch": 8}, "patch 8 does not divide a picture of 12x8: possible are 1, 2, 4"),
        (uvit, {"depth": 4}, "depth 4 is even: a U-ViT needs an odd one, such as 3 or 5"),
        (uvit, {"heads": 12}, "12 heads do not divide a width of 64"),
    ],
)
def test_sizes_that_cannot_be_say_what_can(builder, options, sentence):
    with pytest.raises(ValueError) as caught:
        builder((1, 12, 8), 10, **options)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("builder", "options"),
    [
        (unet, {"width": 12}),
        (unet, {"heads": 3}),
        (unet, {"multipliers": ()}),
        (dit, {"head_dim": 6}),
        (uvit, {"width": 24}),
    ],
)
def test_options_out_of_range_are_found_before_building(builder, options):
    with pytest.raises(SpecError, match=next(iter(options))):
        checked_options(builder, options, "model")
