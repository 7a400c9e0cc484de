"""The U-Net that moves a picture: each of its conditions counts, and others are refused."""

import pytest
import torch

from diffsmith.nn.unet import Plan
from diffsmith.nn.video.spatio_temporal_unet import ClipConditions, SpatioTemporalUNet
from diffsmith.nn.video.temporal_resnet import SpatioTemporalResnet
from diffsmith.nn.video.temporal_transformer import SpatioTemporalTransformer

ALL = ClipConditions(text=6, numbers=3, waves=8, rows=3)
T = torch.tensor(0.7)


def network(conditions=ALL, beside=2):
    torch.manual_seed(0)

    def attend(channels):
        return SpatioTemporalTransformer(channels, 2, 1, conditions.text)

    def resnet(before, after):
        return SpatioTemporalResnet(before, after, 32)

    unet = SpatioTemporalUNet(2 + beside, 2, Plan((8, 16), 1, resnet, [attend] * 2, attend), conditions)
    with torch.no_grad():
        for weight in unet.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return unet.eval()


def clips():
    return torch.randn(2, 2, 3, 8, 6, generator=torch.Generator().manual_seed(0))


def told():
    draws = torch.Generator().manual_seed(1)
    return {
        "label": torch.tensor([0, 2]),
        "text": torch.randn(2, 1, 6, generator=draws),
        "beside": torch.randn(2, 2, 1, 8, 6, generator=draws),
        "numbers": torch.tensor([[6.0, 127.0, 0.02], [6.0, 40.0, 0.1]]),
    }


CHANGES = {
    "label": lambda label: label.flip(0),
    "text": lambda text: text.flip(0),
    "beside": lambda beside: -beside,
    "numbers": lambda numbers: numbers + 1,
}


@pytest.mark.parametrize("name", CHANGES)
@torch.no_grad()
def test_every_condition_counts(name):
    unet, given = network(), told()
    changed = given | {name: CHANGES[name](given[name])}
    out = unet(clips(), T, **given)
    assert out.shape == clips().shape
    assert not torch.allclose(out, unet(clips(), T, **changed))


@torch.no_grad()
def test_a_clip_does_not_hear_of_the_others():
    unet, given, t = network(), told(), torch.tensor([0.3, -1.5])
    alone = unet(clips()[1:], t[1], **{name: value[1:] for name, value in given.items()})
    torch.testing.assert_close(alone, unet(clips(), t, **given)[1:], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_what_stands_beside_all_frames_is_the_same_once_and_for_each():
    unet, given = network(), told()
    each = given | {"beside": given["beside"].expand(-1, -1, 3, -1, -1)}
    assert torch.equal(unet(clips(), T, **given), unet(clips(), T, **each))


@torch.no_grad()
def test_frames_hear_of_one_another_and_any_number_of_them_is_possible():
    unet, given, x = network(), told(), clips()
    other = x.clone()
    other[:, :, 0] += 1
    assert (unet(x, T, **given) - unet(other, T, **given))[:, :, 2].abs().max() > 1e-4
    assert unet(x[:, :, :1], T, **given).shape == (2, 2, 1, 8, 6)


@torch.no_grad()
def test_odd_sides_are_possible():
    given = told() | {"beside": torch.randn(2, 2, 1, 7, 5)}
    assert network()(torch.randn(2, 2, 3, 7, 5), T, **given).shape == (2, 2, 3, 7, 5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
@torch.no_grad()
def test_it_answers_in_its_own_precision(dtype):
    unet = network().to(dtype)
    given = told() | {"text": told()["text"].to(dtype)}
    assert unet(clips().to(dtype), T, **given).dtype == dtype


@pytest.mark.parametrize(
    ("conditions", "beside", "given", "sentence"),
    [
        (
            ALL,
            2,
            ["text"],
            "beside is missing, numbers is missing; the conditions that this U-Net reads: "
            "text, beside, numbers",
        ),
        (
            ClipConditions(text=6),
            0,
            ["text", "beside", "numbers"],
            "beside is not read, numbers is not read; the conditions that this U-Net reads: text",
        ),
        (ClipConditions(), 0, ["text"], "text is not read; the conditions that this U-Net reads: none"),
    ],
)
def test_a_missing_condition_and_one_that_is_not_read_are_told(conditions, beside, given, sentence):
    with pytest.raises(TypeError) as caught:
        network(conditions, beside)(clips(), T, **{name: told()[name] for name in given})
    assert str(caught.value) == sentence
