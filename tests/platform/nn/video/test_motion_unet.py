"""The motion U-Net: a picture's conditions serve all frames of a clip, and what is wrong is told."""

from functools import partial

import pytest
import torch

from diffsmith.nn.conditional_unet import Conditions
from diffsmith.nn.norms import group_norm
from diffsmith.nn.resnet import ResnetBlock
from diffsmith.nn.transformer import CrossAttentionBlock
from diffsmith.nn.unet import Plan
from diffsmith.nn.video.folding import FrameTransformer
from diffsmith.nn.video.motion import FrameBlock, MotionModule
from diffsmith.nn.video.motion_unet import MotionUNet

T = torch.tensor([5.0, 700.0])


def network(moving=True):
    torch.manual_seed(0)

    def layers(width):
        within = FrameTransformer(width, [CrossAttentionBlock(width, 2, 6)], groups=4)
        along = {"motion_modules": MotionModule(width, [FrameBlock(width, 2, 4)], groups=4)} if moving else {}
        return {"attentions": within, **along}

    norm = partial(group_norm, groups=4)
    plan = Plan((8, 16), 1, partial(ResnetBlock, emb=32, norm=norm), [layers] * 2, layers, norm=norm)
    unet = MotionUNet(2 + 1, 2, plan, Conditions(text=6, added=5 + 2 * 8, waves=8, guidance=4, rows=3), 4)
    with torch.no_grad():
        for weight in unet.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return unet.eval()


def told():
    draws = torch.Generator().manual_seed(0)
    return {
        "label": torch.tensor([0, 2]),
        "text": torch.randn(2, 4, 6, generator=draws),
        "text_mask": torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]]),
        "pooled": torch.randn(2, 5, generator=draws),
        "sizes": torch.tensor([[512, 768], [1024.0, 6.0]]),
        "guidance": torch.tensor([7.5, 1.0]),
        "beside": torch.randn(2, 1, 3, 8, 8, generator=draws),
    }


CHANGES = {
    "label": lambda label: label.flip(0),
    "text": lambda text: text.flip(0),
    "text_mask": lambda mask: 1 - mask,
    "pooled": lambda pooled: -pooled,
    "sizes": lambda sizes: sizes.flip(1),
    "guidance": lambda guidance: guidance + 1,
    "beside": lambda beside: -beside,
}


@pytest.mark.parametrize("name", CHANGES)
@torch.no_grad()
def test_every_condition_counts(name):
    unet, x, given = network(), torch.randn(2, 2, 3, 8, 8), told()
    changed = given | {name: CHANGES[name](given[name])}
    out = unet(x, T, **given)
    assert out.shape == x.shape
    assert not torch.allclose(out, unet(x, T, **changed))


@torch.no_grad()
def test_without_motion_each_frame_is_a_picture_of_its_own():
    unet, x, given = network(moving=False), torch.randn(2, 2, 3, 8, 8), told()
    out = unet(x, T, **given)
    for frame in range(3):
        alone = {**given, "beside": given["beside"][:, :, frame : frame + 1]}
        torch.testing.assert_close(out[:, :, frame : frame + 1], unet(x[:, :, frame : frame + 1], T, **alone))


@torch.no_grad()
def test_one_picture_beside_stands_for_all_frames():
    unet, x, given = network(), torch.randn(2, 2, 3, 8, 8), told()
    one = given["beside"][:, :, :1]
    whole = given | {"beside": one.expand(-1, -1, 3, -1, -1)}
    assert torch.equal(unet(x, T, **{**given, "beside": one}), unet(x, T, **whole))


@torch.no_grad()
def test_a_clip_does_not_hear_of_the_others():
    unet, x, given = network(), torch.randn(2, 2, 3, 8, 8), told()
    first = {name: value[:1] for name, value in given.items()}
    torch.testing.assert_close(unet(x, T, **given)[:1], unet(x[:1], T[:1], **first))


def test_too_many_frames_are_told():
    with pytest.raises(ValueError, match="5 frames are more than this network tells apart: 4"):
        network()(torch.randn(2, 2, 5, 8, 8), T, **{**told(), "beside": torch.randn(2, 1, 1, 8, 8)})


def test_what_is_missing_is_told():
    with pytest.raises(
        TypeError, match="text is missing, pooled is missing, sizes is missing, beside is miss"
    ):
        network()(torch.randn(2, 2, 3, 8, 8), T)
