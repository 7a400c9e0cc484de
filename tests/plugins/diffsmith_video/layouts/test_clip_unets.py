"""The configurations of UNet3DConditionModel and I2VGenXLUNet: read and written; what cannot be is told."""

import json

import pytest

from diffsmith.errors import SpecError
from diffsmith.options import checked_options
from diffsmith_video.clip_unet import clip_unet
from diffsmith_video.i2vgen import i2vgen
from diffsmith_video.layouts import i2vgen as i2vgen_layout
from diffsmith_video.layouts import unet_3d

CLIP = {"name": "clip_unet", "shape": (4, 16, 8, 8), "classes": None, "text_width": 6}
MOVING = {"name": "i2vgen", "shape": (4, 16, 8, 16), "classes": None, "text_width": 6}
LAYOUTS = {"clip_unet": (unet_3d.LAYOUT, clip_unet), "i2vgen": (i2vgen_layout.LAYOUT, i2vgen)}
CHOICES = {
    "as little as there is": CLIP,
    "three levels": CLIP | {"widths": (32, 64, 64), "attends": (True, False, True), "layers": 2},
    "more channels": CLIP | {"extra_channels": 5},
    "a wide clip": CLIP | {"shape": (3, 16, 8, 16)},
    "other numbers": CLIP | {"head_dim": 8, "groups": 8, "eps": 1e-6},
    "a picture that moves": MOVING,
    "a square picture that moves": MOVING | {"shape": (4, 16, 8, 8), "attends": (True, True)},
}


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_a_choice_comes_back_from_the_file_it_was_written_to(choice):
    layout, builder = LAYOUTS[choice["name"]]
    written = json.loads(json.dumps(layout.config(choice)))
    read = layout.options(written)
    assert {name: read[name] for name in choice} == choice
    assert json.loads(json.dumps(layout.config(read))) == written
    options = {name: value for name, value in read.items() if name not in ("name", "shape", "classes")}
    assert checked_options(builder, options, "model") == options


@pytest.mark.parametrize(("name", "shape"), [("clip_unet", (4, 16, 32, 32)), ("i2vgen", (4, 16, 88, 160))])
def test_a_file_that_says_nothing_is_the_classs_own_default(name, shape):
    read = LAYOUTS[name][0].options({"_class_name": "any", "_diffusers_version": "0.0.2", "new": 1})
    assert (read["widths"], read["attends"]) == ((320, 640, 1280, 1280), (True, True, True, False))
    assert (read["layers"], read["head_dim"], read["text_width"]) == (2, 64, 1024)
    assert read["shape"] == shape


def test_one_side_says_nothing_of_the_clips_that_a_picture_becomes():
    assert i2vgen_layout.LAYOUT.options({"sample_size": 32})["shape"] == (4, 16, 88, 160)


REFUSED = [
    (
        "clip_unet",
        {"down_block_types": ["DownBlock2D"] * 4},
        "UNet3DConditionModel.down_block_types.0: input should be 'CrossAttnDownBlock3D' or 'DownBlock3D', "
        "got 'DownBlock2D'",
    ),
    (
        "clip_unet",
        {"act_fn": "gelu"},
        "UNet3DConditionModel.act_fn: input should be 'silu' or 'swish', got 'gelu'",
    ),
    (
        "clip_unet",
        {"block_out_channels": [320, 640]},
        "UNet3DConditionModel: down_block_types are 4 for 2 block_out_channels; give one for each level",
    ),
    (
        "i2vgen",
        {"up_block_types": ["UpBlock3D"] * 4},
        "I2VGenXLUNet: up_block_types ['UpBlock3D', 'UpBlock3D', 'UpBlock3D', 'UpBlock3D'] are not "
        "down_block_types turned round",
    ),
    (
        "clip_unet",
        {"in_channels": 3},
        "UNet3DConditionModel: in_channels 3 are fewer than out_channels 4; possible: as many, or more",
    ),
    ("i2vgen", {"in_channels": 8}, "I2VGenXLUNet: out_channels 4 cannot be; possible: 8"),
]


@pytest.mark.parametrize(("name", "config", "sentence"), REFUSED)
def test_what_is_not_known_here_is_told(name, config, sentence):
    with pytest.raises(SpecError) as caught:
        LAYOUTS[name][0].options(config)
    assert caught.value.faults[0] == sentence


@pytest.mark.parametrize("choice", [CLIP, MOVING], ids=lambda choice: choice["name"])
def test_groups_that_the_class_could_not_make_are_told(choice):
    with pytest.raises(SpecError, match=r"groups 24 do not divide widths \[32, 64\]"):
        LAYOUTS[choice["name"]][0].config(choice | {"groups": 24})
