"""Conditioners by name: (component, *, options) -> Conditioner; `component` gives a checkpoint's parts.

Options of more than one: clip_skip, how many last layers of CLIP to leave out; negative_clip_skip, the same
for the unconditional branch, where the published pipelines leave out none and the web UI as many; weighting,
whether (words:1.2) weigh more, or a prompt is read as it stands; zeros, whether no negative means zeros, or
the empty text.
"""

from typing import Annotated

from pydantic import Field

from ..weights.components import Components
from . import Conditioner, Size
from .clip_reads import in_one_chunk, side_by_side, skips, text_alone
from .clip_text import ClipText, clip_text, normed, penultimate, projecting
from .prompts import notation
from .t5_text import t5_text
from .texts import TextConditioner

__all__ = ["clip", "open_clip", "pixart", "sdxl", "sdxl_refiner", "uvit_t2i"]

Skip = Annotated[int, Field(ge=0)]
Pixels = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]

_OPEN_CLIP_PAD = "!"  # its token number 0, which OpenCLIP fills up with


def clip(
    component: Components, *, clip_skip: Skip = 0, negative_clip_skip: Skip = 0, weighting: bool = True
) -> Conditioner:
    """CLIP's last states, as Stable Diffusion 1 reads them (Radford et al. 2021; Rombach et al. 2022)."""
    return _last(clip_text(component, "", notation(weighting), normed), clip_skip, negative_clip_skip)


def open_clip(
    component: Components, *, clip_skip: Skip = 0, negative_clip_skip: Skip = 0, weighting: bool = True
) -> Conditioner:
    """OpenCLIP's last states but one, as Stable Diffusion 2 reads them (Ilharco et al. 2021).

    The published encoder lacks the last layer already: nothing is left out here unless asked for.
    """
    words = clip_text(component, "", notation(weighting), normed, pad=_OPEN_CLIP_PAD)
    return _last(words, clip_skip, negative_clip_skip)


def _last(words: ClipText, skip: int, negative_skip: int) -> Conditioner:
    left_out = skips(skip, negative_skip, spare=0, of=(words,))
    return TextConditioner({"text_encoder": words.encoder}, text_alone(words), left_out)


def uvit_t2i(component: Components, *, weighting: bool = True) -> Conditioner:
    """CLIP's last states in 77 learned places, as U-ViT reads them (Bao et al. 2023).

    A prompt that is longer than one chunk has no place, and is a SpecError.
    """
    words = clip_text(component, "", notation(weighting), normed)
    return TextConditioner({"text_encoder": words.encoder}, in_one_chunk(words))


def sdxl(
    component: Components,
    *,
    clip_skip: Skip = 0,
    negative_clip_skip: Skip = 0,
    weighting: bool = True,
    zeros: bool = True,
    original: Pixels | None = None,
    crop: Pixels = (0, 0),
) -> Conditioner:
    """The states of two encoders before their last layer, as SDXL reads them (Podell et al. 2023).

    text: both side by side. pooled: the second's. sizes: height and width of the picture to learn from
    (`original`; by default those asked for), top and left of its crop, height and width asked for.
    """
    first = clip_text(component, "", notation(weighting), penultimate)
    second = projecting(clip_text(component, "_2", notation(weighting), penultimate, pad=_OPEN_CLIP_PAD))
    return TextConditioner(
        {"text_encoder": first.encoder, "text_encoder_2": second.encoder},
        side_by_side(first, second),
        skips(clip_skip, negative_clip_skip, spare=1, of=(first, second)),
        lambda _, size: (*(original or size), *crop, *size),
        zeros,
    )


def sdxl_refiner(
    component: Components,
    *,
    clip_skip: Skip = 0,
    negative_clip_skip: Skip = 0,
    weighting: bool = True,
    zeros: bool = False,
    aesthetic: float = 6.0,
    negative_aesthetic: float = 2.5,
) -> Conditioner:
    """The second encoder's states before its last layer, as SDXL's refiner reads them (Podell et al. 2023).

    sizes: height and width, a crop's 0 and 0, and how much people like pictures like the one to make, of 10:
    `aesthetic`, in the unconditional branch `negative_aesthetic`.
    """
    words = projecting(clip_text(component, "_2", notation(weighting), penultimate, pad=_OPEN_CLIP_PAD))
    liked = {"conditional": aesthetic, "unconditional": negative_aesthetic}
    return TextConditioner(
        {"text_encoder_2": words.encoder},
        side_by_side(words),
        skips(clip_skip, negative_clip_skip, spare=1, of=(words,)),
        lambda branch, size: (*size, 0, 0, liked[branch]),
        zeros,
    )


def pixart(
    component: Components,
    *,
    length: Annotated[int, Field(ge=1)] = 120,
    sizes: bool = True,
    weighting: bool = True,
) -> Conditioner:
    """T5's states and a mask, as PixArt reads them (Chen et al. 2023).

    length: tokens that a prompt is filled up to, 120 for alpha and 300 for sigma; a longer one gets more.
    sizes: whether height, width and height / width are told, as alpha's network for 1024 pixels needs.
    """
    words = t5_text(component, notation(weighting), length)
    told = _height_width_aspect if sizes else None
    return TextConditioner({"text_encoder": words.encoder}, words, sizes=told)


def _height_width_aspect(_: str, size: Size) -> tuple[float, float, float]:
    return size[0], size[1], size[0] / size[1]
