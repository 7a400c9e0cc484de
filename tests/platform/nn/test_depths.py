"""Depths of a U-Net's levels: spread over their layers, and told where they do not fit."""

import pytest

from diffsmith.nn.depths import check_depths, each_layer, spread


def test_one_number_stands_for_all_layers_of_a_level():
    assert spread(2, 3) == (2, 2, 2)
    assert spread((1, 2), 2) == (1, 2)


def test_a_level_has_one_builder_or_one_for_each_layer():
    assert each_layer(lambda depth, heads: (depth, heads), 2, 4) == (2, 4)
    assert each_layer(lambda depth, heads: (depth, heads), (1, 2), 4) == [(1, 4), (2, 4)]


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        (((8, 16), 1, (2,), (1, 1), (1, 1)), "heads are 1 for 2 widths: give one for each level"),
        (((8, 16), 1, (2, 2), (1,), (1, 1)), "depths are 1 for 2 widths: give one for each level"),
        (((8, 16), 1, (2, 2), (1, 1), (1,)), "up_depths are 1 for 2 widths: give one for each level"),
        (((8,), 1, (2,), ((1, 2),), (1,)), "depths [1, 2] of a level with 1 residual blocks: give 1"),
        (((8,), 1, (2,), (1,), ((1,),)), "depths [1] of a level with 2 residual blocks: give 2"),
        (((8,), 1, (3,), (1,), (1,)), "3 heads do not divide the 8 channels of level 0"),
    ],
)
def test_what_does_not_fit_is_told(numbers, sentence):
    with pytest.raises(ValueError) as caught:
        check_depths(*numbers)
    assert str(caught.value) == sentence


def test_another_kind_of_layer_is_told_by_its_own_name():
    with pytest.raises(ValueError, match="motion_heads are 1 for 2 widths"):
        check_depths((8, 16), 1, (2,), (1, 1), (1, 1), "motion_")
    with pytest.raises(ValueError, match="3 motion_heads do not divide"):
        check_depths((8,), 1, (3,), (1,), (1,), "motion_")
