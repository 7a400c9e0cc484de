"""How clips are made that are longer, or move more slowly, than a network's own."""

from typing import Annotated, Literal

from pydantic import Field

from .base import Spec

__all__ = ["ContextSpec", "FreeInitSpec"]


class ContextSpec(Spec):
    """How clips that are longer than the network's own are made: in windows of `length` frames.

    Neighbouring windows share `overlap` frames, whose estimates are blended at every step: "flat" as their
    mean, "pyramid" by how far inside its window a frame lies (Bar-Tal et al. 2023, equation 5, in time).
    loop: the last window goes on with the first frames, so the clip can be shown over and over. length: the
    network's own unless told.
    """

    length: Annotated[int, Field(ge=2)] | None = None
    overlap: Annotated[int, Field(ge=0)] = 4
    blend: Literal["pyramid", "flat"] = "pyramid"
    loop: bool = False


class FreeInitSpec(Spec):
    """The whole walk made several times, each from the last one's slow motion and fresh detail.

    What lies below the stop frequencies, as shares of the highest ones in space and in time, is kept from the
    last result, noised again; what lies above is drawn anew (Wu et al. 2023, FreeInit, equations 3 to 5).
    """

    iterations: Annotated[int, Field(ge=1, le=20)] = 3
    filter: Literal["butterworth", "gaussian", "ideal"] = "butterworth"
    order: Annotated[int, Field(ge=1)] = 4
    spatial_stop: Annotated[float, Field(ge=0, le=1)] = 0.25
    temporal_stop: Annotated[float, Field(ge=0, le=1)] = 0.25
