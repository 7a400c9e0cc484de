"""The multi-view U-Nets: MVDream's numbers, published sizes, and what a head's views hear of one another."""

import json
from itertools import product
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from diffsmith.options import checked_options
from diffsmith.weights.ldm.unet_names import unet_names
from diffsmith_video.multiview import head_views, mvdream
from diffsmith_video.multiview_published import MULTIVIEW

GOLDEN = Path(__file__).parents[2] / "goldens" / "models" / "mvdream_v4.safetensors"
CARDS = {card.name: card for card in MULTIVIEW}
CAMERA = {"camera_embed.0": "camera_embedding.linear_1", "camera_embed.2": "camera_embedding.linear_2"}

SMALL = {"widths": (8, 16), "groups": 4, "heads": (2, 2), "layers": 1, "depths": (1, 0), "text_width": 6}
HEAD = SMALL | {"image_width": 5, "camera": 12, "extra_channels": 2}
T = torch.tensor([0.3, 700.0])


def learned(network):
    """The network with no weight left at zero, so that everything has an effect."""
    torch.manual_seed(1)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return network.eval()


def built(builder, shape=(4, 3, 8, 8), classes=None, **options):
    return builder(shape, classes, **checked_options(builder, options, "model"))


# ---- MVDream ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def golden():
    """The tensors of MVDream's own small network, and its inputs and outputs."""
    with safe_open(GOLDEN, "pt") as file:
        return load_file(GOLDEN), json.loads(file.metadata()["tolerance"])


@pytest.mark.parametrize(("call", "views"), [(0, 4), (1, 2)], ids=["with cameras", "without"])
@torch.no_grad()
def test_mvdreams_own_network_gives_the_same(golden, call, views):
    tensors, tolerance = golden
    state = {name.removeprefix("state."): tensor for name, tensor in tensors.items() if name[:6] == "state."}
    names = {**unet_names(list(state)), **_camera_names()}
    network = built(
        mvdream, (4, 4, 8, 8), **SMALL | {"widths": (32, 64), "heads": (4, 8), "text_width": 32, "groups": 32}
    ).eval()
    network.load_state_dict({new: state[old] for old, new in names.items()}, strict=True)
    given = {name: tensors.get(f"input.{call}.{name}") for name in ("x", "timesteps", "context", "camera")}
    apart = {name: each.unflatten(0, (-1, views)) for name, each in given.items() if each is not None}
    out = network(
        apart["x"].transpose(1, 2),
        apart["timesteps"][:, 0],
        text=apart["context"][:, 0],
        camera=apart.get("camera"),
    )
    expected = tensors[f"output.{call}.eps"].unflatten(0, (-1, views)).transpose(1, 2)
    torch.testing.assert_close(out, expected, rtol=0, atol=tolerance["suggested_atol"])


def _camera_names():
    return {f"{old}.{kind}": f"{new}.{kind}" for old, new in CAMERA.items() for kind in ("weight", "bias")}


@pytest.mark.parametrize(("name", "count"), [("mvdream_sd21", 867_572_164), ("mvdream_sd15", 861_182_404)])
def test_published_sizes_have_as_many_numbers_as_was_published(name, count):
    card = CARDS[name]
    with torch.device("meta"):
        network = built(mvdream, card.shape, **card.defaults)
    assert sum(weight.numel() for weight in network.parameters()) == count


@pytest.mark.parametrize(
    "options", [{"linear": False}, {"depths": (1, 2), "middle": 2}, {"upcast": True}], ids=str
)
def test_mvdream_keeps_the_shape_and_reaches_every_parameter(options):
    network, x = learned(built(mvdream, classes=2, **SMALL | options)), torch.randn(2, 4, 3, 6, 7)
    told = {"text": torch.randn(2, 5, 6), "camera": torch.randn(2, 3, 16)}
    out = network(x, T, torch.tensor([0, 2]), **told)
    assert out.shape == x.shape
    assert unreached(network, out) == []


# ---- a head's views -----------------------------------------------------------------------------------


def told(views=3, image=True):
    draws = torch.Generator().manual_seed(views)
    given = {
        "text": torch.randn(2, 5, 6, generator=draws),
        "camera": torch.randn(2, views, 12, generator=draws),
        "beside": torch.randn(2, 2, views, 8, 8, generator=draws),
    }
    return {**given, **({"image": torch.randn(2, 7, 5, generator=draws)} if image else {})}


def unreached(network, out):
    out.square().mean().backward()
    gradients = {name: weight.grad for name, weight in network.named_parameters()}
    return [name for name, gradient in gradients.items() if gradient is None or not gradient.any()]


@pytest.mark.parametrize(("views", "linear"), [*product((1, 2, 8), (True, False))])
def test_any_number_of_views_keeps_the_shape_and_reaches_every_parameter(views, linear):
    network = learned(built(head_views, classes=2, **HEAD, linear=linear))
    x = torch.randn(2, 4, views, 8, 8)
    out = network(x, T, torch.tensor([0, 2]), **told(views))
    assert out.shape == x.shape
    # A view that is alone in the world has nobody to compare with: what it asks then has no effect.
    alone = [".attn_cv.to_q.", ".attn_cv.to_k."] if views == 1 else []
    assert [name for name in unreached(network, out) if not any(part in name for part in alone)] == []


def test_nine_views_are_too_many():
    with pytest.raises(ValueError, match="9 views are too many for this network; possible: 1 to 8"):
        built(head_views, **HEAD)(torch.randn(2, 4, 9, 8, 8), T, **told(9))


@torch.no_grad()
def test_views_move_together_with_what_they_are_told():
    network, x, given = learned(built(head_views, **HEAD)), torch.randn(2, 4, 3, 8, 8), told()
    order = torch.tensor([2, 0, 1])
    moved = given | {"camera": given["camera"][:, order], "beside": given["beside"][:, :, order]}
    torch.testing.assert_close(
        network(x[:, :, order], T, **moved), network(x, T, **given)[:, :, order], rtol=1e-4, atol=1e-5
    )


@torch.no_grad()
def test_without_what_looks_across_each_view_is_as_if_alone():
    network, x, given = learned(built(head_views, **HEAD)), torch.randn(2, 4, 3, 8, 8), told()
    for name, weight in network.named_parameters():
        if ".attn_cv.to_out." in name:
            weight.zero_()
    out = network(x, T, **given)
    for view in range(3):
        here = slice(view, view + 1)
        own = given | {"camera": given["camera"][:, here], "beside": given["beside"][:, :, here]}
        torch.testing.assert_close(out[:, :, here], network(x[:, :, here], T, **own), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_without_a_picture_nothing_looks_at_one():
    network, x = learned(built(head_views, **HEAD)), torch.randn(2, 4, 3, 8, 8)
    out = network(x, T, **told(image=False))
    for name, weight in network.named_parameters():
        if ".attn_ip." in name or ".norm_ip." in name:
            weight.fill_(torch.nan)
    assert torch.equal(network(x, T, **told(image=False)), out)


def test_by_default_it_is_as_large_as_stable_diffusion_2_and_attends_as_it_does():
    with torch.device("meta"):
        network, plain = built(head_views), built(mvdream, **CARDS["mvdream_sd21"].defaults)
    levels = [*network.down_blocks, network.mid_block]
    blocks = [block.attentions[0].transformer_blocks[0] for block in levels[:3] + levels[4:]]
    assert [block.attn1.heads for block in blocks] == [5, 10, 20, 20]
    assert network.channels == 8
    mine, theirs = (
        {name: weight.shape for name, weight in each.state_dict().items()} for each in (network, plain)
    )
    more = {name for name in mine if name not in theirs}
    assert all(".attn_cv." in name or ".attn_ip." in name or ".norm_" in name for name in more)
    different = {name for name in theirs if mine[name] != theirs[name]}
    assert different == {"conv_in.weight", "camera_embedding.linear_1.weight"}
    assert sum(weight.numel() for weight in network.parameters()) == 973_944_644


@pytest.mark.parametrize("builder", [mvdream, head_views])
def test_numbers_that_do_not_fit_each_other_say_what_would(builder):
    with pytest.raises(ValueError, match="heads are 1 for 2 widths: give one for each level"):
        built(builder, **SMALL | {"heads": (2,)})
    with pytest.raises(ValueError, match="3 heads do not divide the 16 channels of level 1"):
        built(builder, **SMALL | {"heads": (2, 3)})
