"""UNet2DConditionModel's configuration: read and written, and what cannot be is told."""

import json

import pytest

from diffsmith.errors import SpecError
from diffsmith.options import checked_options
from diffsmith_image.conditional_unet import conditional_unet
from diffsmith_image.layouts.unet_2d_condition import LAYOUT

TINY = {"name": "conditional_unet", "shape": (4, 8, 8), "classes": None, "text_width": 6}
CHOICES = {
    "as little as there is": TINY,
    "one level": TINY | {"widths": (32,), "depths": (1,), "heads": (2,)},
    "other depths on the way up": TINY | {"up_depths": (1, 2)},
    "a depth for each block": TINY
    | {"layers": 2, "depths": ((1, 2), (3, 1)), "up_depths": ((1, 2, 3), 0), "middle": 3},
    "a level without attention": TINY | {"depths": (2, 0), "middle": 5},
    "one block in the middle": TINY | {"middle": 0},
    "no middle": TINY | {"middle": None},
    "a mask to see": TINY | {"extra_channels": 5},
    "a wide picture": TINY | {"shape": (4, 8, 16)},
    "classes": TINY | {"classes": 10},
    "sizes and guidance": TINY | {"added": 80, "size_waves": 8, "guidance": 16},
    "heads of each level": TINY | {"heads": (2, 8), "linear": True, "upcast": True},
    "other numbers": TINY | {"eps": 1e-6, "groups": 8, "flip": False, "shift": 1.0, "dropout": 0.1},
}


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_a_choice_comes_back_from_the_file_it_was_written_to(choice):
    written = json.loads(json.dumps(LAYOUT.config(choice)))
    read = LAYOUT.options(written)
    assert {name: read[name] for name in choice} == choice
    assert json.loads(json.dumps(LAYOUT.config(read))) == written
    options = {name: value for name, value in read.items() if name not in ("name", "shape", "classes")}
    assert checked_options(conditional_unet, options, "model") == options


def test_a_file_that_says_nothing_is_the_classs_own_default():
    read = LAYOUT.options({"_class_name": "UNet2DConditionModel", "_diffusers_version": "0.0.2", "new": 1})
    assert read["widths"] == (320, 640, 1280, 1280)
    assert (read["depths"], read["up_depths"], read["middle"]) == ((1, 1, 1, 0), None, 1)
    assert (read["heads"], read["text_width"], read["shape"]) == ((8,) * 4, 1280, (4, 64, 64))


REFUSED = [
    ({"act_fn": "gelu"}, "UNet2DConditionModel.act_fn: input should be 'silu' or 'swish', got 'gelu'"),
    (
        {"down_block_types": ["KDownBlock2D"] * 4},
        "UNet2DConditionModel.down_block_types.0: input should be 'CrossAttnDownBlock2D' or 'DownBlock2D', "
        "got 'KDownBlock2D'",
    ),
    ({"encoder_hid_dim": 768}, "UNet2DConditionModel.encoder_hid_dim: input should be None, got 768"),
    (
        {"class_embed_type": "projection"},
        "UNet2DConditionModel.class_embed_type: input should be None, got 'projection'",
    ),
    (
        {"addition_embed_type": "text"},
        "UNet2DConditionModel.addition_embed_type: input should be 'text_time', got 'text'",
    ),
    (
        {"attention_type": "gated"},
        "UNet2DConditionModel.attention_type: input should be 'default', got 'gated'",
    ),
    (
        {"block_out_channels": [32, "many"]},
        "UNet2DConditionModel.block_out_channels.1: input should be a valid integer, unable to parse string "
        "as an integer, got 'many'",
    ),
    (
        {"block_out_channels": [320, 640]},
        "UNet2DConditionModel: down_block_types lists 4 for 2 block_out_channels; give one for each",
    ),
    (
        {"in_channels": 4, "out_channels": 8},
        "UNet2DConditionModel: in_channels 4 are fewer than out_channels 8; possible: as many, or more",
    ),
    (
        {"time_embedding_dim": 512},
        "UNet2DConditionModel: time_embedding_dim 512 cannot be; possible: 1280",
    ),
    (
        {"layers_per_block": [2, 2, 2, 3]},
        "UNet2DConditionModel: layers_per_block [2, 2, 2, 3] cannot be; possible: the same for all levels",
    ),
    (
        {"transformer_layers_per_block": [1, 0, 1, 1]},
        "UNet2DConditionModel: transformer_layers_per_block 0 for a CrossAttnDownBlock2D cannot be; "
        "possible: 1 or more",
    ),
    (
        {"addition_embed_type": "text_time"},
        "UNet2DConditionModel: addition_embed_type 'text_time' needs projection_class_embeddings_input_dim "
        "and addition_time_embed_dim; give both",
    ),
]


@pytest.mark.parametrize(("config", "sentence"), REFUSED, ids=lambda given: str(given)[:40])
def test_what_we_do_not_do_is_told_with_what_is_possible(config, sentence):
    with pytest.raises(SpecError) as caught:
        LAYOUT.options(config)
    assert caught.value.faults[0] == sentence


def test_all_faults_are_told_at_once():
    with pytest.raises(SpecError) as caught:
        LAYOUT.options({"act_fn": "gelu", "conv_in_kernel": 1, "center_input_sample": True})
    assert [fault.split(":")[0].split(".")[1] for fault in caught.value.faults] == [
        "center_input_sample",
        "act_fn",
        "conv_in_kernel",
    ]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"text_width": 0}, "text_width 0 has no place in its configuration; possible: 1 or more"),
        (
            {"widths": (16, 64)},
            "groups 32 do not divide widths [16, 64]; possible: a divisor of them all",
        ),
        (
            {"depths": (1, 2), "middle": 1},
            "middle 1 differs from 2, the depth of the last level, which its configuration cannot tell; "
            "possible: the same",
        ),
    ],
)
def test_what_the_class_cannot_be_told_is_not_written(options, sentence):
    with pytest.raises(SpecError) as caught:
        LAYOUT.config(TINY | options)
    assert caught.value.faults == (f"UNet2DConditionModel: {sentence}",)
