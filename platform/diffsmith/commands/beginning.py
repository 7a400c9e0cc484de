"""What `generate` begins from: the pipeline that was named, and what is asked of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import FileFault, SpecError
from ..files import require_file
from .overrides import put
from .recall import is_there, recalled, require_there

if TYPE_CHECKING:
    from ..modality import Modality
    from ..pipeline import Pipeline
    from ..specs import PipelineSpec, Request

__all__ = ["Begun", "built", "requested", "sensible", "started"]

_CLIP = 4  # numbers in the shape of a clip


class Begun(NamedTuple):
    """A spec as written, what its weights are relative to, and the request of a sample to make again.

    recognised: whether nobody wrote it, so that what was assumed of the weights is worth knowing.
    """

    values: dict[str, Any]
    folder: Path
    request: dict[str, Any]
    where: str
    recognised: bool

    def adapted(self, adapter: str) -> "Begun":
        """The same with an adapter in the network."""
        from ..pipeline.adapting import with_adapter
        from ..registry import default_registry

        return self._replace(values=with_adapter(self.values, adapter, default_registry()))

    def changed(self, short: dict[str, Any]) -> dict[str, Any]:
        """The spec with what the short options say."""
        scheduler, guidance = short["scheduler"], short["guidance"]
        wanted = {
            "scheduler": scheduler,
            "spacing.name": short["spacing"] or _spacing_in(scheduler),
            "spacing.steps": short["steps"],
            "engine.device": short["device"],
            "refiner": _refiner(short["refiner"]),
            "conditioner": self._moving(short["motion"]),
            "context.length": short["window"],
            "context.loop": short["loop"],
        }
        changes = {key: value for key, value in wanted.items() if value is not None}
        if guidance is not None:
            unguided = self.values.get("guidance", "none") in ("none", {"name": "none"})
            changes |= {"guidance.name": "cfg"} if unguided else {}
            changes["guidance.scale"] = guidance
        return put(self.values, changes)

    def _moving(self, motion: float | None) -> dict[str, Any] | None:
        """The conditioner, told how much moves."""
        if motion is None:
            return None
        from .. import factory
        from ..options import options_model
        from ..registry import default_registry
        from ..specs import ModelSpec, PartSpec, parse

        registry = default_registry()
        usual = factory.card_of(parse(ModelSpec, self.values["model"]), registry).conditioner or {}
        chosen = self.values.get("conditioner") or {}
        told = {**usual, **(parse(PartSpec, chosen).to_dict() if chosen else {})}
        reader = registry.get("conditioners", told["name"], "conditioner.name").function if told else None
        if reader is None or "motion" not in options_model(reader).model_fields:
            raise SpecError(["--motion: this model is told nothing about motion; leave it out"])
        return {**told, "motion": motion}


def started(spec: str | None, source: Path | None, variant: str | None = None) -> Begun:
    """The pipeline of that name, folder or file, or of the sample in the file `source`."""
    from ..pipeline.building import spec_file, written
    from ..registry import default_registry

    if spec is not None and source is None:
        values, folder = written(spec, default_registry(), variant)
        return Begun(values, folder, {}, spec, spec_file(spec) is None)
    if source is not None and spec is None:
        made = recalled(source, default_registry())
        return Begun(made.spec, source.parent, made.request, str(source), False)
    raise SpecError(["give either SPEC (a model, a folder or a file), or --from with a sample's file"])


def requested(begun: Begun, given: dict[str, Any]) -> "Request":
    """The request: what the sample that is made again says, under what was given."""
    from ..pipeline import request_of

    asked = {**begun.request, **{name: value for name, value in given.items() if value is not None}}
    if isinstance(size := asked.get("size"), str):
        asked["size"] = _size(size)
    seeds = asked.pop("seeds", None)
    words = {"prompt": asked.pop("prompts", None), "negative": asked.pop("negatives", None)}
    if seeds is not None and len(seeds) == 1:  # one seed and several labels: the seeds count up
        return request_of(asked.pop("labels", None), seeds[0], **words, **asked)
    return request_of(asked.pop("labels", None), seeds=seeds, **words, **asked)


def sensible(begun: Begun, request: "Request") -> "tuple[PipelineSpec, Modality]":
    """The spec and what it makes, once that and the request make sense: before any weights are read.

    Paths of weights are whole, so that a sample tells where they were.
    """
    from .. import factory
    from ..pipeline.building import bare_extent, located
    from ..pipeline.requests import require_sense
    from ..registry import default_registry
    from ..specs import PipelineSpec

    registry, values = default_registry(), located(begun.values, begun.folder)
    if begun.request:
        require_there(values, request.to_dict())
    spec = factory.checked(PipelineSpec, values, registry, begun.where)
    shape, classes = factory.shape_of(spec.model, registry)
    reads, clips = factory.reads(spec, registry), len(shape) == _CLIP
    require_sense(request, spec.model.name, classes, reads, spec.guidance.name, clips)
    _require_files(request)
    if request.size or request.frames:
        bare_extent(spec, registry).shape_of(request)
    return spec, registry.get("modalities", factory.card_of(spec.model, registry).modality)


def built(spec: "PipelineSpec", where: str) -> "Pipeline":
    """The pipeline with its weights."""
    from ..pipeline import build

    try:
        return build(spec)
    except SpecError as error:
        raise error.under(where) from None


def _require_files(request: "Request") -> None:
    """Refuse what is not there; what is there is read when it is needed."""
    for path in filter(None, (request.image, request.mask, *(request.between or ()))):
        require_file(Path(path), "picture")
    for path in filter(None, (request.video, request.extend)):
        if not is_there(Path(path)):
            raise FileFault(path, "there is no such clip")


def _spacing_in(scheduler: str | None) -> str | None:
    """The spacing of a name such as "dpm++ 2m karras": typed now, so it goes before the file's."""
    from ..registry import default_registry

    return (default_registry().scheduler(scheduler, "scheduler.name")[1] or None) if scheduler else None


def _refiner(name: str | None) -> dict[str, Any] | None:
    from ..pipeline.building import refining
    from ..registry import default_registry

    try:
        return None if name is None else refining(name, default_registry())
    except SpecError as error:
        raise error.under("--refiner") from None


def _size(text: str) -> tuple[int, int]:
    """ "768x512" as (height, width)."""
    width, by, height = text.lower().partition("x")
    if not (by and width.isdigit() and height.isdigit()):
        raise SpecError([f"--size: expected WIDTHxHEIGHT such as 768x512, got {text!r}"])
    return int(height), int(width)
