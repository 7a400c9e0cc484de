"""Patches: out and back, and what happens when they do not fit."""

import pytest
import torch

from diffsmith.nn.patches import PatchEmbed, patch_grid, unpatchify


@pytest.mark.parametrize(("height", "width", "patch"), [(8, 8, 2), (6, 9, 3), (4, 8, 4), (5, 7, 1)])
def test_patches_laid_out_again_are_the_picture(height, width, patch):
    x = torch.randn(2, 3, height, width)
    rows, columns = patch_grid(height, width, patch)
    cut = x.view(2, 3, rows, patch, columns, patch).permute(0, 2, 4, 3, 5, 1)
    assert torch.equal(unpatchify(cut.reshape(2, rows * columns, -1), (rows, columns), patch), x)


def test_a_token_depends_on_its_own_patch_only():
    embed, x = PatchEmbed(1, 8, 2), torch.zeros(1, 1, 4, 6)
    before = embed(x)
    x[0, 0, 2, 5] = 1.0  # row 1, column 2 of a 2x3 grid
    changed = (embed(x) != before).any(dim=2)[0]
    assert changed.tolist() == [False] * 5 + [True]


def test_a_token_is_told_its_place_in_the_grid():
    places = torch.arange(6.0)[:, None].expand(-1, 8)
    told = PatchEmbed(1, 8, 2, lambda rows, columns: places.view(rows, columns, 8).flatten(0, 1))
    plain, x = PatchEmbed(1, 8, 2), torch.randn(3, 1, 4, 6)
    plain.load_state_dict(told.state_dict())
    torch.testing.assert_close(told(x), plain(x) + places)


def test_a_patch_that_does_not_divide_names_those_that_do():
    with pytest.raises(
        ValueError, match=r"^patch 5 does not divide a picture of 12x8: possible are 1, 2, 4$"
    ):
        patch_grid(12, 8, 5)
