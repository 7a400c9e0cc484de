"""Configurations of UNet2DModel: understood, or refused in a sentence."""

import pytest

from diffsmith.errors import SpecError
from diffsmith_image.layouts.unet_2d import LAYOUT

PLAIN = {
    "down_block_types": ["DownBlock2D"] * 2,
    "up_block_types": ["UpBlock2D"] * 2,
    "block_out_channels": [32, 64],
}
SKIP = PLAIN | {
    "down_block_types": ["SkipDownBlock2D"] * 2,
    "up_block_types": ["SkipUpBlock2D"] * 2,
    "time_embedding_type": "fourier",
}


def test_what_a_configuration_leaves_out_is_as_its_class_has_it():
    assert LAYOUT.options({"_class_name": "UNet2DModel", "decay": 0.9999}) == {
        "name": "pixel_unet",
        "widths": (224, 448, 672, 896),
        "layers": 2,
        "attention": (1, 2, 3),
        "up_attention": None,
        "head_dim": 8,
        "middle": "attention",
        "middle_groups": None,
        "time": "add",
        "flip": True,
        "shift": 0,
        "resample": "conv",
        "pad": "around",
        "groups": 32,
        "eps": 1e-5,
        "variance": False,
        "extra_channels": 0,
        "dropout": 0.0,
        "shape": (3, 64, 64),
        "classes": None,
    }


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ({"sample_size": 32}, (3, 32, 32)),
        ({"sample_size": [16, 24]}, (3, 16, 24)),
        ({"sample_size": 8, "out_channels": 6}, (3, 8, 8)),
        ({"sample_size": 8, "in_channels": 5}, (3, 8, 8)),
    ],
)
def test_samples_have_the_channels_of_what_is_predicted(given, shape):
    assert LAYOUT.options(PLAIN | given)["shape"] == shape


def test_samples_of_no_told_size_have_room_for_every_level():
    levels = {"down_block_types": ["DownBlock2D"] * 9, "up_block_types": ["UpBlock2D"] * 9}
    assert LAYOUT.options(levels | {"block_out_channels": [8] * 9})["shape"] == (3, 256, 256)


@pytest.mark.parametrize(
    ("config", "faults"),
    [
        (PLAIN | {"act_fn": "gelu", "class_embed_type": "timestep"}, ["act_fn", "class_embed_type"]),
        (PLAIN | {"down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"]}, ["down_block_types.1"]),
        (
            PLAIN | {"block_out_channels": [32]},
            ["down_block_types lists 2 for 1", "up_block_types lists 2 for 1"],
        ),
        (PLAIN | {"time_embedding_dim": 100}, ["time_embedding_dim 100 cannot be; possible: 128"]),
        (PLAIN | {"time_embedding_type": "learned"}, ["time_embedding_type"]),
        (
            PLAIN | {"time_embedding_type": "fourier"},
            ["time_embedding_type 'fourier' without skip blocks cannot be; possible: 'positional'"],
        ),
        (PLAIN | {"norm_num_groups": None}, ["norm_num_groups None without skip blocks cannot be"]),
        (PLAIN | {"mid_block_scale_factor": 1.4}, ["mid_block_scale_factor 1.4 without skip blocks"]),
        (PLAIN | {"out_channels": 5}, ["out_channels 5 for in_channels 3 cannot be"]),
        (
            PLAIN | {"down_block_types": ["ResnetDownsampleBlock2D"] * 2},
            ["possible: downsample_type, upsample_type and all blocks of one kind"],
        ),
        (
            PLAIN | {"down_block_types": SKIP["down_block_types"], "time_embedding_type": "fourier"},
            ["'SkipDownBlock2D', 'UpBlock2D' together cannot be; all skip, or none"],
        ),
        (
            SKIP | {"time_embedding_type": "positional", "in_channels": 4, "add_attention": False},
            [
                "time_embedding_type 'positional' with skip blocks cannot be; possible: 'fourier'",
                "in_channels 4 with skip blocks cannot be; possible: 3",
                "add_attention False with skip blocks cannot be; possible: True",
            ],
        ),
        (
            SKIP | {"resnet_time_scale_shift": "scale_shift"},
            ["resnet_time_scale_shift 'scale_shift' with skip"],
        ),
    ],
)
def test_what_no_network_of_ours_does_is_refused_all_at_once(config, faults):
    with pytest.raises(SpecError) as caught:
        LAYOUT.options(config)
    assert len(caught.value.faults) == len(faults)
    for said, fault in zip(caught.value.faults, faults, strict=True):
        assert said.startswith("UNet2DModel")
        assert fault in said


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"name": "pixel_unet", "heads": 4}, "heads 4 for levels of different widths cannot be said"),
        ({"name": "pixel_unet", "waves": 256}, "waves 256 cannot be; possible: None, 32"),
        ({"name": "pixel_unet", "group_size": 4}, "group_size 4 cannot be; possible: 1"),
        ({"name": "pixel_unet", "middle": "unnormed"}, "middle 'unnormed' needs time 'scale_shift'"),
        ({"name": "skip_unet", "shape": (1, 8, 8)}, "1 channels with skip blocks cannot be; possible: 3"),
    ],
)
def test_what_the_class_has_no_words_for_is_refused(choice, sentence):
    with pytest.raises(SpecError) as caught:
        LAYOUT.config({"shape": (3, 8, 8), "classes": None, **choice})
    assert sentence in str(caught.value)
