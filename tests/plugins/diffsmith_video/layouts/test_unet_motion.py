"""UNetMotionModel as a configuration: read and written, and what cannot be; and what an adapter makes."""

import json

import pytest

from diffsmith.errors import SpecError
from diffsmith.options import checked_options
from diffsmith_video.animatediff import motion_unet
from diffsmith_video.layouts.motion_adapter import motion_choice
from diffsmith_video.layouts.unet_motion import LAYOUT

TINY = {"name": "motion_unet", "shape": (4, 16, 8, 8), "classes": None, "text_width": 6}
CHOICES = {
    "as little as there is": TINY,
    "one level": TINY
    | {"widths": (32,), "depths": (1,), "heads": (2,), "motion_depths": (1,)}
    | {"motion_heads": (2,)},
    "other depths on the way up": TINY | {"up_depths": (1, 2), "motion_up_depths": (1, 2)},
    "a depth for each block": TINY
    | {"layers": 2, "depths": ((1, 2), (3, 1)), "up_depths": ((1, 2, 3), 0), "middle": 3}
    | {"motion_depths": ((1, 2), 1), "motion_up_depths": ((1, 2, 3), 1)},
    "no motion in the middle": TINY | {"motion_middle": 0},
    "much of it": TINY | {"motion_middle": 2, "motion_depths": (2, 2), "middle": 3},
    "few frames": TINY | {"frames_max": 8, "shape": (4, 8, 8, 8)},
    "fewer frames than usual": TINY | {"shape": (4, 5, 8, 16)},
    "a picture beside it": TINY | {"extra_channels": 5},
    "sizes and guidance": TINY | {"added": 80, "size_waves": 8, "guidance": 16},
    "heads of each level": TINY | {"heads": (2, 8), "motion_heads": (8, 2), "linear": True},
    "other numbers": TINY | {"eps": 1e-6, "groups": 8},
}


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_a_choice_comes_back_from_the_file_it_was_written_to(choice):
    written = json.loads(json.dumps(LAYOUT.config(choice)))
    read = LAYOUT.options(written)
    assert {name: read[name] for name in choice} == choice
    assert json.loads(json.dumps(LAYOUT.config(read))) == written
    options = {name: value for name, value in read.items() if name not in ("name", "shape", "classes")}
    assert checked_options(motion_unet, options, "model") == options


def test_a_file_that_says_nothing_is_the_classs_own_default():
    read = LAYOUT.options({"_class_name": "UNetMotionModel", "_diffusers_version": "0.0.2", "new": 1})
    assert read["widths"] == (320, 640, 1280, 1280)
    assert (read["depths"], read["up_depths"], read["middle"]) == ((1, 1, 1, 0), None, 1)
    assert (read["motion_depths"], read["motion_up_depths"], read["motion_middle"]) == ((1,) * 4, None, 1)
    assert (read["heads"], read["frames_max"], read["shape"]) == ((8,) * 4, 32, (4, 16, 64, 64))


READ = [
    ({"act_fn": "gelu"}, "UNetMotionModel.act_fn: input should be 'silu' or 'swish', got 'gelu'"),
    (
        {"block_out_channels": [320, 640]},
        "UNetMotionModel: down_block_types lists 4 for 2 block_out_channels; give one for each",
    ),
    (
        {"in_channels": 4, "out_channels": 8},
        "UNetMotionModel: in_channels 4 are fewer than out_channels 8; possible: as many, or more",
    ),
    (
        {"layers_per_block": [1, 2, 2, 2]},
        "UNetMotionModel: layers_per_block [1, 2, 2, 2] cannot be; possible: the same for all levels",
    ),
    (
        {"addition_embed_type": "text_time"},
        "UNetMotionModel: addition_embed_type 'text_time' needs projection_class_embeddings_input_dim and "
        "addition_time_embed_dim; give both",
    ),
]


@pytest.mark.parametrize(("config", "sentence"), READ, ids=[next(iter(config)) for config, _ in READ])
def test_what_cannot_be_read_is_told(config, sentence):
    with pytest.raises(SpecError) as caught:
        LAYOUT.options(config)
    assert sentence in caught.value.faults


WRITTEN = [
    ({"classes": 3}, "UNetMotionModel: classes 3 cannot be; possible: None"),
    ({"flip": False}, "UNetMotionModel: flip False cannot be; possible: True"),
    ({"upcast": True}, "UNetMotionModel: upcast True cannot be; possible: False"),
    (
        {"text_width": 0},
        "UNetMotionModel: text_width 0 has no place in its configuration; possible: 1 or more",
    ),
    ({"middle": None}, "UNetMotionModel: middle None has no place in its configuration; possible: 1 or more"),
    (
        {"motion_depths": (0, 1)},
        "UNetMotionModel: motion_depths [0, 1]: a level without motion has no place in its configuration; "
        "possible: 1 or more",
    ),
    (
        {"groups": 24},
        "UNetMotionModel: groups 24 do not divide widths [32, 64]; possible: a divisor of them all",
    ),
]


@pytest.mark.parametrize(("options", "sentence"), WRITTEN, ids=[str(options) for options, _ in WRITTEN])
def test_what_has_no_place_is_told(options, sentence):
    with pytest.raises(SpecError) as caught:
        LAYOUT.config(TINY | options)
    assert caught.value.faults == (sentence,)


# ---- motion modules and a U-Net of pictures -----------------------------------------------------------

FLAT = {"name": "conditional_unet", "widths": (32, 64), "layers": 1, "groups": 32, "shape": (4, 8, 6)}
MODULES = {"block_out_channels": [32, 64], "motion_layers_per_block": 1}


def test_motion_modules_make_a_unet_of_pictures_one_of_clips():
    made = motion_choice({**FLAT, "depths": (0, 1)}, {**MODULES, "motion_max_seq_length": 8})
    assert (made["name"], made["shape"], made["depths"]) == ("motion_unet", (4, 8, 8, 6), (0, 1))
    assert (made["motion_depths"], made["motion_heads"], made["motion_middle"]) == ((1, 1), (8, 8), 1)
    assert (made["frames_max"], made["extra_channels"]) == (8, 0)
    assert motion_choice(FLAT, {**MODULES, "conv_in_channels": 9})["extra_channels"] == 5
    assert motion_choice(FLAT, {**MODULES, "use_motion_mid_block": False})["motion_middle"] == 0


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            {**MODULES, "block_out_channels": [32, 128]},
            "MotionAdapter: block_out_channels (32, 128) does not fit the U-Net; possible: (32, 64)",
        ),
        (
            {**MODULES, "motion_layers_per_block": 2},
            "MotionAdapter: motion_layers_per_block [2] does not fit the U-Net; possible: [1]",
        ),
        (
            {**MODULES, "motion_norm_num_groups": 8},
            "MotionAdapter: motion_norm_num_groups 8 does not fit the U-Net; possible: 32",
        ),
        (
            {"motion_max_seq_length": 0},
            "MotionAdapter.motion_max_seq_length: input should be greater than or equal to 1, got 0",
        ),
    ],
)
def test_motion_modules_that_do_not_fit_are_told(config, sentence):
    with pytest.raises(SpecError) as caught:
        motion_choice(FLAT, config)
    assert sentence in caught.value.faults
