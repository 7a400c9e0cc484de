"""How large samples can be."""

import pytest
import torch

from diffsmith.errors import SpecError
from diffsmith.pipeline import request_of

from .untrained import finals, made


def test_what_a_model_can_make_follows_from_its_parts(loaded):
    for kind, told in {
        "sd1": (2, 2, 3, 0, (32, 32), False),
        "sd1_inpaint": (2, 2, 3, 5, (32, 32), False),
        "dit": (2, 4, 3, 0, (16, 16), False),
        "ddpm": (1, 1, 3, 0, (16, 16), False),
    }.items():
        extent = loaded(kind).extent
        assert (
            extent.factor,
            extent.grain,
            extent.data_channels,
            extent.extra_channels,
            extent.native,
            extent.fixed,
        ) == told, kind
    assert made(model={"name": "uvit", "width": 16}).extent.fixed


@pytest.mark.parametrize(
    ("kind", "size", "told"),
    [
        ("sd1", (33, 32), r"^size: 33 is no multiple of 2; nearest: 32 and 34$"),
        ("sd1", (32, 1), r"^size: 1 is no multiple of 2; nearest: 2$"),
        ("sd1", (33, 33), r"^size: 33 is no multiple of 2; nearest: 32 and 34$"),
        ("sd1", (33, 31), r"^size: 33 is no .*34\nsize: 31 is no multiple of 2; nearest: 30 and 32$"),
        ("dit", (18, 16), r"^size: 18 is no multiple of 4; nearest: 16 and 20$"),
        ("sd1", (0, 8), r"^size.0: input should be greater than or equal to 1, got 0$"),
    ],
)
def test_a_size_that_cannot_be_is_refused_with_the_nearest(loaded, kind, size, told):
    words = {"labels": 3} if kind == "dit" else {"prompt": "x"}
    with pytest.raises(SpecError, match=told):
        loaded(kind).generate(size=size, **words)


def test_a_picture_of_such_a_size_is_refused_too(loaded, picture):
    with pytest.raises(SpecError, match=r"^size: 33 is no multiple of 2"):
        loaded("sd1").generate("x", size=(33, 32), image=str(picture))


@pytest.mark.parametrize(
    ("kind", "size"),
    [("sd1", (8, 40)), ("dit", (24, 16)), ("ddpm", (24, 17)), ("pixart_alpha_sizes", (24, 40))],
)
def test_other_sizes_are_made(loaded, kind, size):
    words = {"sd1": {"prompt": "x"}, "pixart_alpha_sizes": {"prompt": "x"}, "dit": {"labels": 3}}.get(
        kind, {}
    )
    (sample,) = loaded(kind, steps=1).generate(size=size, **words)
    assert sample.data.shape == (*size, 3)


def test_a_network_with_a_place_for_every_token_makes_one_size(picture):
    pipeline = made(shape=(3, 8, 8), model={"name": "uvit", "width": 16})
    with pytest.raises(SpecError, match=r"^size: uvit makes 8x8 only$"):
        pipeline.generate(size=(12, 8))
    assert pipeline.generate(size=(8, 8))[0].data.shape == (8, 8, 3)
    assert pipeline.generate(image=str(picture), strength=0.5)[0].data.shape == (8, 8, 3)


def test_a_picture_of_one_s_own_is_cut_to_what_fits(loaded, picture):
    (sample,) = loaded("dit").generate(labels=3, image=str(picture), strength=0.5)
    assert sample.data.shape == (32, 32, 3)
    last = finals(made(None, (3, 8, 8)), (1,), image=str(picture), strength=0.5, size=(10, 12))
    assert last.shape == torch.Size((1, 3, 10, 12))


def test_sizes_are_told_to_models_that_read_them(loaded):
    """SDXL's and PixArt's micro-conditions."""
    for kind, expected in {"sdxl": [24, 40, 0, 0, 24, 40], "pixart_alpha_sizes": [24, 40, 24 / 40]}.items():
        pipeline, told = loaded(kind, steps=1, guidance="none"), []
        pipeline.network.register_forward_pre_hook(
            lambda network, args, kwargs, told=told: told.append(kwargs["sizes"]), with_kwargs=True
        )
        list(pipeline.frames(request_of(prompt="x", size=(24, 40))))
        torch.testing.assert_close(told[0], torch.tensor([expected], dtype=told[0].dtype))
