"""What a person, a sweep or an agent writes: frozen data that hold names, never import paths."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .errors import SpecError
from .options import faults_of

__all__ = [
    "Choice",
    "Direction",
    "EngineSpec",
    "FitSpec",
    "ModelSpec",
    "PipelineSpec",
    "Request",
    "SchedulerSpec",
    "SpacingSpec",
    "SweepSpec",
    "TrainSpec",
    "parse",
    "understood",
]

Positive = Annotated[int, Field(ge=1)]
Direction = Literal["minimize", "maximize"]


class Spec(BaseModel):
    """Frozen; unknown fields, NaN and infinity are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    def to_dict(self) -> dict[str, Any]:
        """What one would write: plain data, only what was set."""
        return self.model_dump(mode="json", exclude_unset=True)


class Choice(Spec):
    """A registered name and its options; a bare string is a name."""

    model_config = ConfigDict(extra="allow")

    name: str

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @property
    def options(self) -> dict[str, Any]:
        """Everything beyond the fields of this class: the function's own options."""
        return dict(self.model_extra or {})


class ModelSpec(Choice):
    """A network and how to read its answers.

    shape (channels, height, width, ...) and classes are the data's; training writes them down.
    """

    shape: tuple[Positive, ...] | None = None
    classes: Positive | None = None
    schedule: Choice | None = None
    prediction: Choice | None = None
    boundary: Choice | None = None


class SchedulerSpec(Choice):
    """A named scheduler, or an estimate, a noise rule and a corrector of one's own."""

    name: str = ""
    estimate: Choice | None = None
    renoise: Choice | None = None
    correct: Choice | None = None

    @model_validator(mode="after")
    def _named_or_made(self) -> Self:
        if bool(self.name) == bool(self.estimate or self.renoise or self.correct):
            raise ValueError("give either a name, or an estimate (and a renoise rule)")
        return self


class SpacingSpec(Choice):
    """Which noise levels are visited, and in how many steps.

    final: where the last step leads; to "zero" noise, to the clean end of training ("sigma_min"), or to
    the last level that the spacing lists, one step fewer ("listed").
    """

    name: str = "trailing"
    steps: Annotated[int, Field(ge=1, le=10_000)] = 20
    final: Literal["zero", "sigma_min", "listed"] = "zero"


class EngineSpec(Spec):
    """Where and how the network runs."""

    device: str = "auto"
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    batch: Annotated[int, Field(ge=1, le=65_536)] = 64


class PipelineSpec(Spec):
    """One YAML file: what a sweep finds, what `generate` reads, what an agent writes."""

    model: ModelSpec
    weights: str | None = None
    scheduler: SchedulerSpec = SchedulerSpec(name="dpmpp_2m")
    spacing: SpacingSpec = SpacingSpec()
    guidance: Choice = Choice(name="none")
    threshold: Choice | None = None
    noise: Choice = Choice(name="seeded")
    engine: EngineSpec = EngineSpec()


class FitSpec(Spec):
    """How a network is trained."""

    steps: Annotated[int, Field(ge=1, le=100_000_000)] = 1000
    batch: Annotated[int, Field(ge=1, le=65_536)] = 64
    accumulate: Annotated[int, Field(ge=1, le=4096)] = 1
    lr: Annotated[float, Field(gt=0, le=1)] = 2e-3
    rate: Literal["constant", "cosine"] = "constant"
    warmup: Annotated[int, Field(ge=0)] = 50
    weight_decay: Annotated[float, Field(ge=0, lt=1)] = 0.01
    clip: Annotated[float, Field(gt=0)] = 1.0
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.995
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    class_dropout: Annotated[float, Field(ge=0, le=1)] = 0.1
    times: Choice = Choice(name="uniform")
    weighting: Choice = Choice(name="uniform")
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    checkpoint_every: Annotated[int, Field(ge=1)] = 500


class TrainSpec(PipelineSpec):
    """A pipeline, the data it learns from, and how."""

    data: Choice
    train: FitSpec = FitSpec()

    def pipeline(self, weights: str | None = None) -> PipelineSpec:
        """The pipeline alone, with the weights that training made."""
        kept = self.model_dump(exclude={"data", "train"}, exclude_unset=True)
        return PipelineSpec.model_validate({**kept, "weights": weights or self.weights})


class Request(Spec):
    """What to make: one sample a seed; a single label serves all of them."""

    seeds: tuple[Annotated[int, Field(ge=0, lt=2**32)], ...] = (0,)
    labels: tuple[Annotated[int, Field(ge=0)], ...] | None = None

    @model_validator(mode="after")
    def _as_many(self) -> Self:
        if not self.seeds:
            raise ValueError("seeds: at least one is needed")
        if self.labels is not None and len(self.labels) not in {1, len(self.seeds)}:
            raise ValueError(
                f"{len(self.labels)} labels for {len(self.seeds)} seeds: give as many, or one label"
            )
        return self


class SweepSpec(Spec):
    """What to search, by what measure, and for how long."""

    base: TrainSpec
    space: dict[str, Any]
    first: tuple[dict[str, Any], ...] = ()
    objectives: dict[str, Direction]
    constraints: dict[str, float] = {}
    seconds: Annotated[float, Field(gt=0)] | None = None
    trials: Positive | None = None
    patience: Positive | None = None
    samples: Annotated[int, Field(ge=16)] = 256
    rungs: Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field()] = (0.33,)
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0


S = TypeVar("S", bound=Spec)

_TRIES = 3


def parse(kind: type[S], values: Any, where: str = "") -> S:
    """Plain data as a spec of that kind; a SpecError lists every fault at once."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise SpecError(faults_of(error, kind, where)) from None


def understood(kind: type[S], values: Mapping[str, Any]) -> tuple[S | None, list[str]]:
    """The spec without the fields that are at fault, and the faults; None where too little is left."""
    left, faults = deepcopy(dict(values)), list[str]()
    for _ in range(_TRIES):
        try:
            return kind.model_validate(left), faults
        except ValidationError as error:
            faults = faults or faults_of(error, kind)
            for each in error.errors(include_url=False):
                _drop(left, each["loc"])
    return None, faults


def _drop(values: Any, path: tuple[int | str, ...]) -> None:
    """Take out the field a fault is about, or the nearest group around it that is written as one."""
    first, *rest = path
    if not isinstance(values, dict) or first not in values:
        return
    if rest and isinstance(values[first], dict) and rest[0] in values[first]:
        _drop(values[first], tuple(rest))
    else:
        del values[first]
