import pytest
import torch

from diffsmith.features.pictures import PICTURES, moved, turns


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 28, 28), (3, 20, 33), (3, 64, 64)])
def test_every_size_of_picture_fits(shape):
    network = PICTURES.build(shape, 5)
    assert network(torch.randn(2, *shape)).shape == (2, 5)


def test_square_pictures_are_turned_by_quarters():
    x = torch.randn(1, 8, 8)
    views = turns((1, 8, 8))
    assert len(views) == 4
    assert all(torch.equal(view(x), x.rot90(turn, (-2, -1))) for turn, view in enumerate(views))


def test_oblong_pictures_are_turned_upside_down_only():
    x = torch.randn(1, 4, 8)
    as_it_is, turned = turns((1, 4, 8))
    assert torch.equal(as_it_is(x), x)
    assert torch.equal(turned(x), x.flip(-1, -2))


def test_pictures_move_by_a_sixteenth_of_their_side_and_edges_are_repeated():
    torch.manual_seed(0)
    x = torch.arange(32.0).expand(1, 1, 32, 32)
    steps = {int((moved(x) - x)[0, 0, 0, 16]) for _ in range(99)}
    assert steps == {-2, -1, 0, 1, 2}
    assert moved(x).unique().numel() <= 32
