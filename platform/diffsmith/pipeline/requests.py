"""What is asked of a pipeline: in a person's short form, a batch at a time, refused where it cannot be."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import SpecError
from ..specs import FILES, Request, parse

__all__ = ["batches", "request_of", "require_sense"]


def request_of(
    labels: Sequence[int] | int | None = None,
    seed: int = 0,
    seeds: Sequence[int] | None = None,
    prompt: Sequence[str] | str | None = None,
    negative: Sequence[str] | str | None = None,
    **rest: Any,
) -> Request:
    """A request in a person's short form; without `seeds` they count from `seed`, one a label or prompt."""
    many = {"labels": _many(labels), "prompts": _many(prompt), "negatives": _many(negative)}
    longest = max((len(each) for each in many.values() if each is not None), default=1)
    numbers = seeds if seeds is not None else range(seed, seed + longest)
    files = {name: rest[name] for name in FILES if isinstance(rest.get(name), str | Path)}
    whole: dict[str, Any] = {name: str(Path(file).absolute()) for name, file in files.items()}
    if rest.get("between") is not None:
        whole["between"] = tuple(str(Path(file).absolute()) for file in rest["between"])
    given = {name: value for name, value in {**many, **rest, **whole}.items() if value is not None}
    return parse(Request, {"seeds": tuple(numbers), **given})


def batches(request: Request, size: int) -> Iterator[Request]:
    """The request in parts of at most so many samples."""
    for start in range(0, len(request.seeds), size):
        yield request.part(slice(start, start + size))


def require_sense(
    request: Request, name: str, classes: int | None, reads: Collection[str], guidance: str, clips: bool
) -> None:
    """Refuse what a model of that name cannot heed.

    It has so many classes, reads "text" or a "picture" or both or neither, and makes clips or none.
    """
    faults = [
        *_wrong_labels(request, name, classes),
        *_wrong_words(request, name, classes, "text" in reads),
        *_wrong_pictures(request, name, "picture" in reads, clips),
        *([] if clips else _only_of_clips(request, name)),
    ]
    if "text" in reads and request.negatives and guidance in _ONE_BRANCH:
        what = f"guidance {guidance!r} does not ask what to go away from"
        faults.append(f"negative: {what}; leave it out, or choose guidance cfg")
    if faults:
        raise SpecError(faults)


_ONE_BRANCH = ("none", "embedded")
"""Guidances that never ask without the prompt."""


def _wrong_labels(request: Request, name: str, classes: int | None) -> Iterator[str]:
    if request.labels and classes is None:
        yield f"labels: {name} was trained without classes; leave labels out"
    wrong = [label for label in request.labels or () if classes is not None and label >= classes]
    if wrong:
        yield f"labels: {wrong[0]} is not a class of this model. Classes: 0 to {(classes or 0) - 1}"


def _wrong_words(request: Request, name: str, classes: int | None, reads: bool) -> Iterator[str]:
    if reads and request.prompts is None:
        yield f"prompt: missing; {name} makes what a text says"
    if not reads and (request.prompts or request.negatives):
        instead = "give labels" if classes else "leave it out"
        yield f"prompt: {name} reads no text; {instead}"


def _wrong_pictures(request: Request, name: str, reads: bool, clips: bool) -> Iterator[str]:
    shown = request.image or request.between or request.extend
    if reads and shown is None:
        yield f"image: missing; {name} makes clips of a picture"
    if reads and request.mask is not None:
        yield f"mask: {name} reads the whole picture; leave it out"
    elif clips and request.mask is not None and request.video is None and request.strength == 1:
        yield "mask: in a clip it lies over the video that is given, or with strength over the image"
    begun = [field for field in _BEGINNINGS if getattr(request, field) is not None]
    if not reads and len(begun) > 1:
        yield f"{' and '.join(begun)}: {name} begins from one of them; leave the other out"


def _only_of_clips(request: Request, name: str) -> Iterator[str]:
    given = [field for field in _OF_CLIPS if getattr(request, field) is not None]
    if given:
        yield f"{', '.join(given)}: {name} makes no clips; leave it out"


_BEGINNINGS = ("image", "video", "between", "extend")
_OF_CLIPS = ("frames", "fps", "video", "between", "extend")


def _many(value: Any) -> tuple[Any, ...] | None:
    """One as a tuple of one; None as it is."""
    if value is None:
        return None
    return (value,) if isinstance(value, int | str) else tuple(value)
