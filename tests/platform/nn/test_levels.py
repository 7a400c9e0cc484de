import pytest

from diffsmith.nn.levels import attending, check_levels


@pytest.mark.parametrize(("height", "width", "most"), [(8, 8, 4), (16, 8, 4), (12, 20, 3), (7, 8, 1)])
def test_levels_fit_as_often_as_both_sides_halve(height, width, most):
    check_levels(height, width, most)
    with pytest.raises(ValueError, match=f"{most + 1} levels do not fit .*: at most {most} are possible"):
        check_levels(height, width, most + 1)


def test_levels_are_meant_from_either_end():
    assert attending((), 3) == [False, False, False]
    assert attending((0, -1), 3) == [True, False, True]
    assert attending((1, -2), 3) == [False, True, False]
    for wrong in (3, -4):
        with pytest.raises(ValueError, match=f"level {wrong} of 3: possible are -3 to 2"):
            attending((wrong,), 3)
