"""The U-Net of views: cameras and pictures count, do without, and are told where they are not read."""

from functools import partial

import pytest
import torch

from diffsmith.nn.conditional_unet import Conditions
from diffsmith.nn.norms import group_norm
from diffsmith.nn.resnet import ResnetBlock
from diffsmith.nn.spatial_transformer import SpatialTransformer
from diffsmith.nn.transformer import CrossAttentionBlock
from diffsmith.nn.unet import Plan
from diffsmith.nn.video.multiview import CrossViewBlock, JointTransformer
from diffsmith.nn.video.view_unet import Views, ViewUNet

T = torch.tensor([5.0, 700.0])


def network(views):
    torch.manual_seed(0)

    def attend(width):
        if views.image:
            return SpatialTransformer(width, [CrossViewBlock(width, 2, 6, views.image)], groups=4)
        return JointTransformer(width, [CrossAttentionBlock(width, 2, 6)], groups=4)

    norm = partial(group_norm, groups=4)
    plan = Plan((8, 16), 1, partial(ResnetBlock, emb=32, norm=norm), [attend] * 2, attend, norm=norm)
    unet = ViewUNet(2, 2, plan, Conditions(text=6), views)
    with torch.no_grad():
        for weight in unet.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return unet.eval()


def told():
    draws = torch.Generator().manual_seed(0)
    shapes = {"text": (2, 4, 6), "camera": (2, 3, 12), "image": (2, 9, 5)}
    return {name: torch.randn(shape, generator=draws) for name, shape in shapes.items()}


@pytest.mark.parametrize("name", ["camera", "image"])
@torch.no_grad()
def test_each_counts_and_may_be_left_out(name):
    unet, x, given = network(Views(12, 5)), torch.randn(2, 2, 3, 8, 8), told()
    out = unet(x, T, **given)
    assert out.shape == x.shape
    assert not torch.allclose(out, unet(x, T, **given | {name: -given[name]}))
    assert not torch.allclose(out, unet(x, T, **given | {name: None}))


@torch.no_grad()
def test_views_move_together_with_their_cameras():
    unet, x, given = network(Views(12, 5)), torch.randn(2, 2, 3, 8, 8), told()
    order = torch.tensor([2, 0, 1])
    moved = unet(x[:, :, order], T, **given | {"camera": given["camera"][:, order]})
    torch.testing.assert_close(moved, unet(x, T, **given)[:, :, order], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_a_picture_for_each_view_may_be_another():
    unet, x, given = network(Views(12, 5)), torch.randn(2, 2, 3, 8, 8), told()
    each = given["image"][:, None].expand(-1, 3, -1, -1)
    torch.testing.assert_close(
        unet(x, T, **given | {"image": each}), unet(x, T, **given), rtol=1e-4, atol=1e-5
    )


def test_what_is_not_read_is_told():
    with pytest.raises(TypeError, match="image is not read; the conditions that this U-Net reads: text, cam"):
        network(Views(12))(torch.randn(2, 2, 3, 8, 8), T, **told())


def test_too_many_views_are_told():
    unet = network(Views(12, 5, most=2))
    assert unet.frames_max == 2
    with pytest.raises(ValueError, match="3 views are too many for this network; possible: 1 to 2"):
        unet(torch.randn(2, 2, 3, 8, 8), T, **told())
    assert not hasattr(network(Views(12)), "frames_max")
