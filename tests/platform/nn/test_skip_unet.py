"""NCSN++ of diffusers: the picture beside the features, and the answer's size."""

from functools import partial

import pytest
import torch

from diffsmith.nn.attention import PixelAttention
from diffsmith.nn.resnet import ResnetBlock
from diffsmith.nn.skip_unet import SkipPlan, SkipUNet2D
from diffsmith.nn.song_blocks import song_norm


def network(widths=(8, 16), classes=None, layers=1):
    resnet = partial(ResnetBlock, emb=4 * widths[0], norm=song_norm)
    attend = partial(PixelAttention, heads=1, norm=song_norm)
    plan = SkipPlan(
        widths=widths,
        layers=layers,
        resnet=resnet,
        middle_resnet=resnet,
        norm=song_norm,
        joint_norm=lambda size, skip: song_norm(size + skip),
        attention=attend,
        middle=attend,
        last_norm=song_norm,
        attends_down=[level == 1 for level in range(len(widths))],
        attends_up=[level == 0 for level in range(len(widths))],
    )
    made = SkipUNet2D(3, plan, classes)
    with torch.no_grad():
        for weight in made.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return made.eval()


X = torch.randn(2, 3, 8, 8)


@pytest.mark.parametrize(("widths", "layers"), [((8,), 1), ((8, 16), 2), ((8, 16, 8), 1)])
def test_every_skip_is_used(widths, layers):
    made, left = network(widths, layers=layers), []
    for block in made.up_blocks:
        block.register_forward_hook(lambda block, inputs, out: left.append(len(inputs[1])))
    assert made(X, torch.tensor(0.5)).shape == X.shape
    assert left[-1] == 0


def test_the_answer_is_as_large_as_a_score():
    """It is divided by sigma, of each row its own."""
    made = network()
    undivided = []
    made.conv_out.register_forward_hook(lambda layer, inputs, out: undivided.append(out))
    with torch.no_grad():
        for layer in [block.skip_conv for block in made.up_blocks if block.skip_conv]:
            layer.weight.zero_()
            layer.bias.zero_()
    sigma = torch.tensor([0.01, 20.0])
    torch.testing.assert_close(made(X, sigma) * sigma[:, None, None, None], undivided[0])


def test_the_picture_goes_beside_the_features_both_ways():
    made = network()
    before, sigma = made(X, torch.tensor(1.0)), torch.tensor(1.0)
    for layer in (made.down_blocks[0].skip_conv, made.up_blocks[0].skip_conv):
        with torch.no_grad():
            layer.weight.mul_(0.5)
        after = made(X, sigma)
        assert not torch.allclose(after, before)
        before = after


def test_no_class_is_a_vector_of_zeros():
    made, sigma = network(classes=3), torch.tensor(1.0)
    assert torch.equal(made(X, sigma), made(X, sigma, torch.tensor([3, 3])))
    assert not torch.allclose(made(X, sigma), made(X, sigma, torch.tensor([0, 2])))
