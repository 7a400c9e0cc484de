"""DDPM++ and NCSN++ of EDM: how their layers are called, and what they hear."""

from functools import partial

import pytest
import torch

from diffsmith.nn.embeddings import sinusoid
from diffsmith.nn.fir import FIRDouble, FIRHalve
from diffsmith.nn.fourier import FourierWaves
from diffsmith.nn.song_blocks import HalvingConv, SongBlock, song_norm
from diffsmith.nn.song_unet import SongPlan, SongUNet


def plan(**changed):
    waves = partial(sinusoid, dim=8, flip=False, shift=1)
    facts = {"width": 8, "widths": (8, 16), "layers": 1, "attends": (False, True)}
    return SongPlan(**{**facts, "waves": waves, "noise_width": 8, **changed})


def network(classes=None, shape=(3, 8, 8), **changed):
    made = SongUNet(shape, plan(**changed), classes)
    with torch.no_grad():
        for weight in made.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return made.eval()


X, T = torch.randn(2, 3, 8, 8), torch.tensor([0.3, -1.0])


def test_layers_are_named_by_the_side_they_work_at():
    made = network(layers=2, widths=(8, 16, 16), attends=(False, True, False))
    assert list(made.enc) == [
        *("8x8_conv", "8x8_block0", "8x8_block1"),
        *("4x4_down", "4x4_block0", "4x4_block1"),
        *("2x2_down", "2x2_block0", "2x2_block1"),
    ]
    assert list(made.dec) == [
        *("2x2_in0", "2x2_in1", "2x2_block0", "2x2_block1", "2x2_block2"),
        *("4x4_up", "4x4_block0", "4x4_block1", "4x4_block2"),
        *("8x8_up", "8x8_block0", "8x8_block1", "8x8_block2"),
        *("8x8_aux_norm", "8x8_aux_conv"),
    ]


def test_all_blocks_of_a_level_attend_on_the_way_down_and_the_last_on_the_way_up():
    made = network(layers=2)
    attending = {name for name, _ in made.named_parameters() if name.endswith("qkv.bias")}
    blocks = ("enc.4x4_block0", "enc.4x4_block1", "dec.4x4_in0", "dec.4x4_block2")
    assert attending == {f"{block}.qkv.bias" for block in blocks}


def test_a_pyramid_shows_the_picture_to_every_level():
    smooth = {"halve": FIRHalve(), "double": FIRDouble(), "pyramid": HalvingConv}
    made = network(waves=FourierWaves(8), noise_width=16, **smooth)
    assert "4x4_aux_residual" in made.enc
    assert "map_noise.weight" in made.state_dict()
    before = made(X, T)
    with torch.no_grad():
        made.enc["4x4_aux_residual"].weight.zero_()
    assert not torch.allclose(made(X, T), before)


def test_no_class_is_a_vector_of_zeros():
    made = network(classes=3)
    assert torch.equal(made(X, T), made(X, T, torch.tensor([3, 3])))
    assert not torch.allclose(made(X, T), made(X, T, torch.tensor([0, 2])))


def test_what_a_picture_went_through_is_heard_where_it_is_told():
    made = network(augment=4)
    told = torch.randn(2, 4)
    assert not torch.allclose(made(X, T), made(X, T, augment=told))
    torch.testing.assert_close(made(X, T), made(X, T, augment=torch.zeros(2, 4)))


def test_a_map_that_is_not_square_keeps_its_size():
    x = torch.randn(1, 3, 8, 12)
    assert network(shape=(3, 8, 12))(x, torch.tensor(0.5)).shape == x.shape


@pytest.mark.parametrize("resample", [None, FIRHalve()])
def test_a_block_keeps_the_variance_of_what_it_begins_with(resample):
    """Its branch starts at zero: half the variance of two branches is left, before anything is learned."""
    block = SongBlock(8, 8, 16, **({"resample": resample} if resample else {}))
    x, emb = torch.randn(1, 8, 8, 8), torch.randn(1, 16)
    shortcut = block.skip(resample(x) if resample else x)
    torch.testing.assert_close(block(x, emb), shortcut / 2**0.5)


def test_groups_have_four_channels_at_least():
    assert [song_norm(channels).num_groups for channels in (2, 8, 48, 128, 136, 512)] == [1, 2, 12, 32, 8, 32]
