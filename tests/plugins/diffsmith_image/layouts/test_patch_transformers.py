"""Configurations of DiT and PixArt: understood, or refused in a sentence."""

import pytest

from diffsmith.errors import SpecError
from diffsmith_image.layouts import dit, pixart, transformer_2d

PIXART = {"caption_channels": 32}
DIT_CHOICE = {"name": "dit", "embeddings": "per_block", "shape": (4, 8, 8), "classes": 10}


def test_what_a_configuration_leaves_out_is_as_its_class_has_it():
    assert dit.LAYOUT.options({"_class_name": "DiTTransformer2DModel", "optimization_step": 7}) == {
        "name": "dit",
        "shape": (4, 32, 32),
        "classes": 1000,
        "patch": 2,
        "heads": 16,
        "head_dim": 72,
        "depth": 28,
        "dropout": 0.0,
        "variance": False,
        "eps": 1e-5,
        "embeddings": "per_block",
    }


@pytest.mark.parametrize(
    ("given", "sizes", "interpolation"),
    [
        ({"sample_size": 32}, False, 1.0),
        ({"sample_size": 64}, False, 1.0),
        ({"sample_size": 128}, True, 2.0),
        ({"sample_size": 256}, False, 4.0),
        ({"sample_size": 128, "use_additional_conditions": False}, False, 2.0),
        ({"sample_size": 32, "interpolation_scale": 0.5}, False, 0.5),
    ],
)
def test_a_pixart_that_does_not_say_reads_sizes_and_spaces_places_by_its_side(given, sizes, interpolation):
    options = pixart.LAYOUT.options(PIXART | given)
    assert (options["sizes"], options["interpolation"]) == (sizes, interpolation)


@pytest.mark.parametrize(
    ("layout", "config", "faults"),
    [
        (
            dit.LAYOUT,
            {"activation_fn": "geglu", "attention_bias": False, "out_channels": 5},
            [
                "DiTTransformer2DModel: attention_bias False cannot be; possible: True",
                "DiTTransformer2DModel: activation_fn 'geglu' cannot be; possible: 'gelu-approximate'",
                "DiTTransformer2DModel: out_channels 5 cannot be; possible: None, 4, 8",
            ],
        ),
        (
            dit.LAYOUT,
            {"num_embeds_ada_norm": None},
            ["DiTTransformer2DModel: num_embeds_ada_norm is missing: it is the number of classes"],
        ),
        (
            pixart.LAYOUT,
            PIXART | {"attention_type": "gated", "cross_attention_dim": 768},
            [
                "PixArtTransformer2DModel: attention_type 'gated' cannot be; possible: 'default', None",
                "PixArtTransformer2DModel: cross_attention_dim 768 cannot be; possible: 1152",
            ],
        ),
        (
            pixart.LAYOUT,
            {},
            ["PixArtTransformer2DModel: caption_channels is missing: the width of the text encoder's states"],
        ),
        (
            transformer_2d.LAYOUT,
            {"num_layers": 2},
            [
                "Transformer2DModel: norm_type 'layer_norm' cannot be; "
                "possible: 'ada_norm_zero', 'ada_norm_single'"
            ],
        ),
    ],
)
def test_a_configuration_that_cannot_be_built_is_told_in_full(layout, config, faults):
    with pytest.raises(SpecError) as caught:
        layout.options(config)
    assert list(caught.value.faults) == faults


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"embeddings": "shared"}, "embeddings 'shared' cannot be; possible: 'per_block'"),
        ({"mlp_ratio": 2.0}, "mlp_ratio 2.0 cannot be; possible: 4.0"),
        ({"shape": (4, 8, 12)}, "a sample's width 12 cannot be; possible: 8"),
        ({"classes": None}, "a network without classes has no place in its configuration"),
    ],
)
def test_a_network_that_diffusers_cannot_hold_is_not_written_as_if_it_could(change, fault):
    with pytest.raises(SpecError) as caught:
        dit.LAYOUT.config(DIT_CHOICE | change)
    assert list(caught.value.faults) == [f"DiTTransformer2DModel: {fault}"]
