"""What `generate` begins from: the pipeline that was named, and what is asked of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import SpecError
from .overrides import put
from .recall import recalled

if TYPE_CHECKING:
    from ..pipeline import Pipeline
    from ..specs import Request

__all__ = ["Begun", "pipeline_of", "requested", "started"]


class Begun(NamedTuple):
    """A spec as written, what its weights are relative to, and the request of a sample to make again."""

    values: dict[str, Any]
    folder: Path
    request: dict[str, Any]
    where: str

    def changed(self, short: dict[str, Any]) -> dict[str, Any]:
        """The spec with what the short options say."""
        scheduler, guidance, refiner = short["scheduler"], short["guidance"], short["refiner"]
        wanted = {
            "scheduler": scheduler,
            "spacing.name": short["spacing"] or _spacing_in(scheduler),
            "spacing.steps": short["steps"],
            "engine.device": short["device"],
            "refiner": None if refiner is None else _refiner(refiner, self.values, short["steps"]),
        }
        changes = {key: value for key, value in wanted.items() if value is not None}
        if guidance is not None:
            unguided = self.values.get("guidance", "none") in ("none", {"name": "none"})
            changes |= {"guidance.name": "cfg"} if unguided else {}
            changes["guidance.scale"] = guidance
        return put(self.values, changes)


def started(spec: str | None, source: Path | None) -> Begun:
    """The pipeline of that name, folder or file, or of the sample in the file `source`."""
    from ..pipeline.building import written
    from ..registry import default_registry

    if spec is not None and source is None:
        values, folder = written(spec, default_registry())
        return Begun(values, folder, {}, spec)
    if source is not None and spec is None:
        made = recalled(source, default_registry())
        return Begun(made.spec, source.parent, made.request, str(source))
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


def pipeline_of(begun: Begun) -> "Pipeline":
    """The pipeline, its weights named by their whole path, so that a sample tells where they were."""
    from .. import factory
    from ..pipeline.building import build, located
    from ..registry import default_registry
    from ..specs import PipelineSpec

    try:
        spec = factory.checked(PipelineSpec, located(begun.values, begun.folder), default_registry())
        return build(spec)
    except SpecError as error:
        raise error.under(begun.where) from None


def _spacing_in(scheduler: str | None) -> str | None:
    """The spacing of a name such as "dpm++ 2m karras": typed now, so it goes before the file's."""
    from ..registry import default_registry

    return (default_registry().scheduler(scheduler, "scheduler.name")[1] or None) if scheduler else None


def _refiner(name: str, values: dict[str, Any], steps: int | None) -> dict[str, Any]:
    """The refiner's spec, on the first pipeline's levels: a sample changes hands where both have one."""
    from ..pipeline.building import located, written
    from ..registry import default_registry

    theirs, folder = written(name, default_registry())
    shared = [key for key in ("scheduler", "spacing", "guidance", "engine") if key in values]
    spec = located({**theirs, **{key: values[key] for key in shared}}, folder)
    return spec if steps is None else put(spec, {"spacing.steps": steps})


def _size(text: str) -> tuple[int, int]:
    """ "768x512" as (height, width)."""
    width, by, height = text.lower().partition("x")
    if not (by and width.isdigit() and height.isdigit()):
        raise SpecError([f"--size: expected WIDTHxHEIGHT such as 768x512, got {text!r}"])
    return int(height), int(width)
