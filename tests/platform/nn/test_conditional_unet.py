"""The U-Net that reads a text: each condition counts, and one that is missing or not read is told."""

from functools import partial

import pytest
import torch

from diffsmith.nn.conditional_unet import ConditionalUNet2D, Conditions
from diffsmith.nn.norms import group_norm
from diffsmith.nn.resnet import ResnetBlock
from diffsmith.nn.spatial_transformer import SpatialTransformer
from diffsmith.nn.transformer import CrossAttentionBlock
from diffsmith.nn.unet import Plan

ALL = Conditions(text=6, added=5 + 2 * 8, waves=8, guidance=4, rows=3)


def network(conditions=ALL):
    def attend(channels):
        return SpatialTransformer(channels, [CrossAttentionBlock(channels, 2, conditions.text)], groups=4)

    norm = partial(group_norm, groups=4)
    resnet = partial(ResnetBlock, emb=32, norm=norm)
    unet = ConditionalUNet2D(2, 2, Plan((8, 16), 1, resnet, [attend] * 2, attend, norm=norm), conditions)
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
    }


CHANGES = {
    "label": lambda label: label.flip(0),
    "text": lambda text: text.flip(0),
    "text_mask": lambda mask: 1 - mask,
    "pooled": lambda pooled: -pooled,
    "sizes": lambda sizes: sizes.flip(1),
    "guidance": lambda guidance: guidance + 1,
}


@pytest.mark.parametrize("name", CHANGES)
@torch.no_grad()
def test_every_condition_counts(name):
    unet, x, t, given = network(), torch.randn(2, 2, 8, 8), torch.tensor(5), told()
    changed = given | {name: CHANGES[name](given[name])}
    assert not torch.allclose(unet(x, t, **given), unet(x, t, **changed))


@torch.no_grad()
def test_what_a_text_mask_leaves_out_is_not_read():
    unet, x, given = network(), torch.randn(2, 2, 8, 8), told()
    other = given | {"text": given["text"].clone()}
    other["text"][1, 2:] = 100.0
    torch.testing.assert_close(unet(x, torch.tensor(5), **given), unet(x, torch.tensor(5), **other))


@torch.no_grad()
def test_a_row_does_not_hear_of_the_others():
    unet, x, given, t = network(), torch.randn(2, 2, 8, 8), told(), torch.tensor([3.5, 700.0])
    alone = unet(x[1:], t[1], **{name: value[1:] for name, value in given.items()})
    torch.testing.assert_close(alone, unet(x, t, **given)[1:], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_whole_and_broken_times_of_any_precision_are_the_same_time():
    unet, x, given = network(), torch.randn(2, 2, 8, 8), told()
    out = unet(x, torch.tensor(7), **given)
    for t in (torch.tensor(7.0, dtype=torch.float64), torch.tensor([7, 7]), torch.tensor([7.0, 7.0]).half()):
        assert torch.equal(unet(x, t, **given), out)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
@torch.no_grad()
def test_it_answers_in_its_own_precision(dtype):
    unet, given = network().to(dtype), told() | {name: told()[name].to(dtype) for name in ("text", "pooled")}
    assert unet(torch.randn(2, 2, 7, 5, dtype=dtype), torch.tensor(5), **given).dtype == dtype


def test_without_a_guidance_scale_it_guides_as_it_pleases():
    given = told()
    del given["guidance"]
    assert network()(torch.randn(2, 2, 8, 8), torch.tensor(5), **given).shape == (2, 2, 8, 8)


@pytest.mark.parametrize(
    ("conditions", "given", "sentence"),
    [
        (Conditions(text=6), [], "text is missing; the conditions that this U-Net reads: text"),
        (
            ALL,
            ["text", "guidance"],
            "pooled is missing, sizes is missing; the conditions that this U-Net reads: "
            "text, pooled, sizes, guidance",
        ),
        (
            Conditions(text=6),
            ["text", "guidance"],
            "guidance is not read; the conditions that this U-Net reads: text",
        ),
        (Conditions(), ["text"], "text is not read; the conditions that this U-Net reads: none"),
    ],
)
def test_a_missing_condition_and_one_that_is_not_read_are_told(conditions, given, sentence):
    unet, all_told = network(conditions), told()
    with pytest.raises(TypeError) as caught:
        unet(torch.randn(2, 2, 8, 8), torch.tensor(5), **{name: all_told[name] for name in given})
    assert str(caught.value) == sentence
