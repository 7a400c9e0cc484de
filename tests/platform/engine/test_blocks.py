from torch import nn

from diffsmith.engine import blocks

from .networks import transformer, unet


def test_a_u_nets_blocks_are_its_residual_and_transformer_blocks_and_what_resamples():
    found = blocks(unet(widths=(8, 16), layers=1))
    kinds = {name: type(block).__name__ for name, block in found.items()}
    assert kinds["down_blocks.0.resnets.0"] == "ResnetBlock"
    assert kinds["mid_block.attentions.0.transformer_blocks.1"] == "CrossAttentionBlock"
    assert kinds["up_blocks.0.upsamplers.0"] == "Upsample"
    assert not any(name.endswith("attentions.0") for name in kinds)


def test_a_transformers_blocks_are_its_rows():
    assert [*blocks(transformer(3))] == [f"transformer_blocks.{row}" for row in range(3)]


def test_no_weight_is_in_two_blocks():
    weights = [weight for block in blocks(unet()).values() for weight in block.parameters()]
    assert len({id(weight) for weight in weights}) == len(weights)


def test_dictionaries_are_lists_with_names():
    levels = nn.ModuleDict({"8x8_conv": nn.Conv2d(1, 1, 1), "4x4_block": nn.Sequential(nn.Linear(1, 1))})
    assert [*blocks(nn.Sequential(levels))] == ["0.8x8_conv", "0.4x4_block"]


def test_what_has_no_weights_is_no_block():
    assert blocks(nn.ModuleList([nn.Identity(), nn.Linear(1, 1)])).keys() == {"1"}
