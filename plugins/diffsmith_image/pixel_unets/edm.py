"""DDPM++ and NCSN++ as NVlabs/edm has them; its third network, ADM, is `pixel_unet`."""

from functools import partial
from typing import Annotated

from pydantic import Field
from torch import nn

from diffsmith.nn.embeddings import sinusoid
from diffsmith.nn.fir import FIRDouble, FIRHalve
from diffsmith.nn.fourier import FourierWaves
from diffsmith.nn.levels import attending, check_levels
from diffsmith.nn.song_blocks import HalvingConv
from diffsmith.nn.song_unet import SongPlan, SongUNet

from .plain import Levels

__all__ = ["ddpmpp", "ncsnpp"]

Width = Annotated[int, Field(ge=8, multiple_of=8, description="channels of the first layer")]
Multipliers = Annotated[
    tuple[Annotated[int, Field(ge=1)], ...],
    Field(min_length=1, description="a level's channels by width, finest first"),
]
Layers = Annotated[int, Field(ge=1, description="residual blocks a level on the way down")]
Attending = Annotated[Levels, Field(description="levels that attend, -1 the coarsest")]
Augment = Annotated[int, Field(ge=0, description="numbers that tell how a training picture was changed")]
Dropout = Annotated[float, Field(ge=0, lt=1, description="in residual blocks")]


def ddpmpp(  # noqa: PLR0913 - the options a sweep may choose
    shape: tuple[int, int, int],
    classes: int | None,
    *,
    width: Width = 16,
    multipliers: Multipliers = (1, 2),
    layers: Layers = 1,
    attention: Attending = (-1,),
    augment: Augment = 0,
    dropout: Dropout = 0.0,
) -> nn.Module:
    """DDPM++: DDPM's U-Net whose sums keep their variance (Song et al. 2020; Karras et al. 2022).

    Also: SongUNet
    """
    plan = SongPlan(
        width=width,
        widths=[width * each for each in multipliers],
        layers=layers,
        attends=_attends(shape, attention, len(multipliers)),
        waves=partial(sinusoid, dim=width, flip=False, shift=1),
        noise_width=width,
        augment=augment,
        dropout=dropout,
    )
    return SongUNet(shape, plan, classes)


def ncsnpp(  # noqa: PLR0913 - the options a sweep may choose
    shape: tuple[int, int, int],
    classes: int | None,
    *,
    width: Width = 16,
    multipliers: Multipliers = (1, 2),
    layers: Layers = 1,
    attention: Attending = (-1,),
    augment: Augment = 0,
    dropout: Dropout = 0.0,
) -> nn.Module:
    """NCSN++: DDPM++ that filters, shows the picture to every level and is told the noise by Fourier waves.

    As NVlabs/edm has it (Karras et al. 2022); diffusers' is `skip_unet`.
    """
    plan = SongPlan(
        width=width,
        widths=[width * each for each in multipliers],
        layers=layers,
        attends=_attends(shape, attention, len(multipliers)),
        waves=FourierWaves(width),
        noise_width=2 * width,
        halve=FIRHalve(),
        double=FIRDouble(),
        pyramid=HalvingConv,
        augment=augment,
        dropout=dropout,
    )
    return SongUNet(shape, plan, classes)


def _attends(shape: tuple[int, int, int], chosen: Levels, levels: int) -> list[bool]:
    check_levels(*shape[1:], levels)
    return attending(chosen, levels)
