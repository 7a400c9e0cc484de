"""UNetSpatioTemporalConditionModel's configuration: read and written, and what cannot be is told."""

import json

import pytest

from diffsmith.errors import SpecError
from diffsmith.options import checked_options
from diffsmith_video.layouts.unet_spatio_temporal import LAYOUT
from diffsmith_video.spatio_temporal_unet import spatio_temporal_unet

TINY = {
    "name": "spatio_temporal_unet",
    "shape": (4, 3, 8, 8),
    "classes": None,
    "text_width": 6,
    "numbers": 3,
    "number_waves": 8,
}
CHOICES = {
    "as little as there is": TINY,
    "one level": TINY | {"widths": (32,), "depths": (1,), "heads": (2,)},
    "several layers": TINY | {"layers": 3, "depths": (1, 2), "middle": 2},
    "a level without attention": TINY | {"depths": (2, 0), "middle": 5},
    "no level with attention": TINY | {"depths": (0, 0), "middle": 3},
    "what stands beside it": TINY | {"extra_channels": 4},
    "wide frames": TINY | {"shape": (4, 3, 8, 16)},
    "as published": TINY | {"shape": (4, 14, 72, 128)},
    "as large, but square": TINY | {"shape": (4, 14, 96, 96)},
}


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_a_choice_comes_back_from_the_file_it_was_written_to(choice):
    written = json.loads(json.dumps(LAYOUT.config(choice)))
    read = LAYOUT.options(written)
    assert {name: read[name] for name in choice} == choice
    assert json.loads(json.dumps(LAYOUT.config(read))) == written
    options = {name: value for name, value in read.items() if name not in ("name", "shape", "classes")}
    assert checked_options(spatio_temporal_unet, options, "model") == options


def test_published_files_mean_what_their_pipelines_make():
    assert LAYOUT.options({"sample_size": 96, "num_frames": 14})["shape"] == (4, 14, 72, 128)
    assert LAYOUT.config(TINY | {"shape": (4, 14, 72, 128)})["sample_size"] == 96
    assert LAYOUT.options({"sample_size": 32})["shape"] == (4, 25, 32, 32)


REFUSED = [
    (
        {"down_block_types": ["DownBlock3D"] * 4},
        "UNetSpatioTemporalConditionModel.down_block_types.0: input should be "
        "'CrossAttnDownBlockSpatioTemporal' or 'DownBlockSpatioTemporal', got 'DownBlock3D'",
    ),
    (
        {"block_out_channels": [320, 640]},
        "UNetSpatioTemporalConditionModel: down_block_types lists 4 for 2 block_out_channels; "
        "give one for each",
    ),
    (
        {"layers_per_block": [2, 2, 2, 3]},
        "UNetSpatioTemporalConditionModel: layers_per_block [2, 2, 2, 3] cannot be; "
        "possible: the same for all levels",
    ),
    (
        {"up_block_types": ["UpBlockSpatioTemporal"] * 4},
        "UNetSpatioTemporalConditionModel: up_block_types must attend at the levels where "
        "down_block_types do",
    ),
    (
        {"in_channels": 4, "out_channels": 8},
        "UNetSpatioTemporalConditionModel: in_channels 4 are fewer than out_channels 8; "
        "possible: as many, or more",
    ),
    (
        {"projection_class_embeddings_input_dim": 700},
        "UNetSpatioTemporalConditionModel: projection_class_embeddings_input_dim 700 must be a multiple of "
        "addition_time_embed_dim 256, and that one even",
    ),
]


@pytest.mark.parametrize(("config", "sentence"), REFUSED, ids=lambda given: str(given)[:40])
def test_what_we_do_not_do_is_told_with_what_is_possible(config, sentence):
    with pytest.raises(SpecError) as caught:
        LAYOUT.options(config)
    assert caught.value.faults[0] == sentence


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"text_width": 0}, "text_width 0 has no place in its configuration; possible: 1 or more"),
        ({"numbers": 0}, "numbers 0 has no place in its configuration; possible: 1 or more"),
        ({"classes": 3}, "classes have no place in its configuration; possible: none"),
        ({"widths": (16, 64)}, "widths [16] are no multiples of 32, the groups of its norms"),
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
    assert caught.value.faults == (f"UNetSpatioTemporalConditionModel: {sentence}",)
