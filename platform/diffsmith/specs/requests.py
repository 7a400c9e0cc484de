"""What is asked of a pipeline."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from .base import Positive, Spec

__all__ = ["FILES", "Request"]


class Request(Spec):
    """What to make: one sample a seed; a single label, prompt or negative prompt serves all of them.

    size: height and width in pixels, where the model can make more than one. image, mask: pictures' paths;
    with an image the last `strength` of the walk begins from it, with a mask only its white part is made
    anew. Models that are made to move a picture read it instead, and models of clips that read none begin
    with it.

    Of clips: frames, and fps, frames a second. video: a clip to begin from, as from an image. between:
    pictures that stand in the clip, the first at its start, the last at its end, the others evenly between.
    extend: a clip to go on from, of which the last `keep` frames are the first of the new one. fit: how a
    picture or clip of another shape becomes one of the size that is made: its middle, or all of it with black
    beside it, or pulled.
    """

    seeds: tuple[Annotated[int, Field(ge=0, lt=2**32)], ...] = (0,)
    labels: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    prompts: tuple[str, ...] | None = None
    negatives: tuple[str, ...] | None = None
    size: tuple[Positive, Positive] | None = None
    image: str | None = None
    mask: str | None = None
    strength: Annotated[float, Field(gt=0, le=1)] = 1.0
    frames: Positive | None = None
    fps: Annotated[float, Field(gt=0, le=240)] | None = None
    video: str | None = None
    between: tuple[str, ...] | None = None
    extend: str | None = None
    keep: Positive = 4
    fit: Literal["crop", "pad", "stretch"] | None = None

    @model_validator(mode="after")
    def _as_many(self) -> Self:
        if not self.seeds:
            raise ValueError("seeds: at least one is needed")
        for what in ("labels", "prompts", "negatives"):
            given = getattr(self, what)
            if given is not None and len(given) not in {1, len(self.seeds)}:
                told = f"{len(given)} {what} for {len(self.seeds)} seeds"
                raise ValueError(f"{told}: give as many, or one {what.removesuffix('s')}")
        begun = self.image or self.video
        if begun is None and (self.mask is not None or self.strength != 1):
            raise ValueError("mask, strength: they need the image to begin from, or the video")
        if self.strength != 1 and (self.between or self.extend):
            raise ValueError("strength: it goes with an image or a video, not with frames that are known")
        given = [name for name in ("video", "between", "extend") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)}: a clip begins in one way; give one of them")
        if self.between is not None and len(self.between) < 2:
            raise ValueError("between: two pictures are needed, or more")
        if self.extend is None and "keep" in self.model_fields_set:
            raise ValueError("keep: it tells how much is kept of the clip to go on from; give that as extend")
        if self.fit is not None and not (self.image or given):
            raise ValueError("fit: there is no picture and no clip to fit")
        return self

    def row(self, index: int) -> dict[str, Any]:
        """What was asked of one sample: the fields that were set, each with its own value alone."""
        asked = self.to_dict()
        for many, one in _EACH.items():
            if (values := asked.pop(many, None)) is not None:
                asked[one] = values[index if len(values) > 1 else 0]
        return asked

    def part(self, rows: slice) -> "Request":
        """The request for some of its samples."""
        fields = {many: getattr(self, many) for many in _EACH if many in self.model_fields_set}
        cut = {many: value[rows] for many, value in fields.items() if value is not None and len(value) > 1}
        return self.model_copy(update={**cut, "seeds": self.seeds[rows]})


FILES = ("image", "mask", "video", "extend")
"""What a request names by its path; and `between`, several of them."""

_EACH = {"seeds": "seed", "labels": "label", "prompts": "prompt", "negatives": "negative"}
