"""The U-Nets of clips: each condition counts, and one that is missing or not read is told."""

from functools import partial

import pytest
import torch

from diffsmith.nn.norms import group_norm
from diffsmith.nn.resampler import Resampler
from diffsmith.nn.resnet import ResnetBlock
from diffsmith.nn.transformer import CrossAttentionBlock
from diffsmith.nn.unet import Plan
from diffsmith.nn.video.clip_conv import ClipConv
from diffsmith.nn.video.clip_transformer import ClipTransformer, frame_block
from diffsmith.nn.video.clip_unet import ClipUNet
from diffsmith.nn.video.folding import FrameTransformer
from diffsmith.nn.video.i2vgen_unet import I2VGenUNet
from diffsmith.nn.video.picture_attention import TextPictureAttention


def plan(*, pictured=False):
    def attend(channels):
        block = CrossAttentionBlock(channels, 2, 6)
        if pictured:
            block.attn2 = TextPictureAttention(channels, 2, 6)
        within = FrameTransformer(channels, [block], groups=4, linear=True)
        return {"attentions": within, "temp_attentions": along(channels)}

    def resnet(inward, outward):
        block = ResnetBlock(inward, outward, 32, norm=norm)
        return {"resnets": block, "temp_convs": ClipConv(outward, groups=4)}

    norm = partial(group_norm, groups=4)
    return Plan((8, 16), 1, resnet, [attend] * 2, attend, norm=norm)


def along(channels, width=None):
    return ClipTransformer(channels, [frame_block(width or channels, 2)], width=width, groups=4)


def stirred(network):
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return network.eval()


KINDS = {
    "a text": lambda: ClipUNet(2, 2, plan(), along(8, 12)),
    "a text and more channels": lambda: ClipUNet(5, 2, plan(), along(8)),
    "a text and its speed": lambda: ClipUNet(2, 2, plan(), along(8), fps=True),
    "a text and a picture": lambda: ClipUNet(
        2, 2, plan(pictured=True), along(8), picture=Resampler(7, 6, 3, 6, depth=1, heads=1, head_dim=4)
    ),
    "a text and a picture's latents": lambda: I2VGenUNet(2, plan(), along(8), 6),
}
READS = {
    "a text": ("text",),
    "a text and more channels": ("text", "beside"),
    "a text and its speed": ("text", "fps"),
    "a text and a picture": ("text", "image"),
    "a text and a picture's latents": ("text", "beside", "image", "fps"),
}
CASES = [(name, read) for name, reads in READS.items() for read in reads]


def told(name):
    draws = torch.Generator().manual_seed(0)
    image = (2, 9, 7) if name == "a text and a picture" else (2, 6)
    channels = 3 if name == "a text and more channels" else 2
    everything = {
        "text": torch.randn(2, 5, 6, generator=draws),
        "beside": torch.randn(2, channels, 3, 8, 4, generator=draws),
        "image": torch.randn(image, generator=draws),
        "fps": torch.tensor([8.0, 24.0]),
    }
    return {condition: everything[condition] for condition in READS[name]}


X, T = torch.randn(2, 2, 3, 8, 4), torch.tensor([3.5, 700.0])


@pytest.mark.parametrize(("name", "condition"), CASES, ids=str)
@torch.no_grad()
def test_every_condition_counts(name, condition):
    network, given = stirred(KINDS[name]()), told(name)
    assert not torch.allclose(
        network(X, T, **given), network(X, T, **given | {condition: given[condition] + 1})
    )


@pytest.mark.parametrize("name", KINDS)
@torch.no_grad()
def test_a_clip_does_not_hear_of_the_others(name):
    network, given = stirred(KINDS[name]()), told(name)
    alone = network(X[1:], T[1], **{condition: each[1:] for condition, each in given.items()})
    torch.testing.assert_close(alone, network(X, T, **given)[1:], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", KINDS)
@torch.no_grad()
def test_what_a_text_mask_leaves_out_is_not_read(name):
    network, given = stirred(KINDS[name]()), told(name)
    mask, other = torch.tensor([[1] * 5, [1, 1, 0, 0, 0]]), given["text"].clone()
    other[1, 2:] = 100.0
    out = network(X, T, **given, text_mask=mask)
    torch.testing.assert_close(out, network(X, T, **given | {"text": other}, text_mask=mask))
    assert not torch.allclose(out, network(X, T, **given))


@pytest.mark.parametrize("name", ["a text and more channels", "a text and a picture's latents"])
@torch.no_grad()
def test_one_frame_beside_is_beside_them_all(name):
    network, given = stirred(KINDS[name]()), told(name)
    one = given["beside"][:, :, :1]
    repeated = network(X, T, **given | {"beside": one.repeat(1, 1, 3, 1, 1)})
    torch.testing.assert_close(network(X, T, **given | {"beside": one}), repeated)


@pytest.mark.parametrize("name", KINDS)
def test_every_weight_has_a_gradient_and_any_size_goes_through(name):
    network, given = stirred(KINDS[name]()), told(name)
    x = torch.randn(2, 2, 3, 7, 5)
    if "beside" in given:
        given["beside"] = torch.randn(2, given["beside"].shape[1], 3, 7, 5)
    network(x, T, **given).square().mean().backward()
    assert [weight for weight, each in network.named_parameters() if not each.grad.any()] == []


@torch.no_grad()
def test_frames_of_one_clip_hear_of_one_another():
    network, other = stirred(KINDS["a text"]()), X.clone()
    other[:, :, 2] += 1
    out, changed = network(X, T, **told("a text")), network(other, T, **told("a text"))
    assert not torch.allclose(out[:, :, 0], changed[:, :, 0], atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
@pytest.mark.parametrize("name", KINDS)
@torch.no_grad()
def test_it_answers_in_its_own_precision(name, dtype):
    network, given = stirred(KINDS[name]()).to(dtype), told(name)
    cast = {each: value if each == "fps" else value.to(dtype) for each, value in given.items()}
    assert network(X.to(dtype), T, **cast).dtype == dtype


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("a text", [], "text is missing; the conditions that this U-Net reads: text"),
        ("a text", ["text", "fps"], "fps is not read; the conditions that this U-Net reads: text"),
        (
            "a text and its speed",
            ["text", "beside"],
            "fps is missing, beside is not read; the conditions that this U-Net reads: text, fps",
        ),
        (
            "a text and a picture's latents",
            ["beside", "fps"],
            "text is missing, image is missing; "
            "the conditions that this U-Net reads: text, beside, image, fps",
        ),
    ],
)
def test_a_missing_condition_and_one_that_is_not_read_are_told(name, given, sentence):
    everything = told("a text and a picture's latents")
    with pytest.raises(TypeError) as caught:
        KINDS[name]()(X, T, **{each: everything[each] for each in given})
    assert str(caught.value) == sentence


def test_a_picture_is_reduced_to_a_grid_of_one_size():
    network = I2VGenUNet(2, plan(), along(8), 6)
    for size in ((4, 4), (8, 24), (33, 50)):
        assert network.image_latents_context_embedding(torch.randn(1, 2, *size)).shape == (1, 6, 8, 8)
