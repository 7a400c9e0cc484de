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
    "PartSpec",
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

    shape (channels, height, width, ...) and classes are the data's; training writes them down. weights: a
    file of the network's own, where it does not lie with the rest of the pipeline.
    """

    weights: str | None = None
    shape: tuple[Positive, ...] | None = None
    classes: Positive | None = None
    schedule: Choice | None = None
    prediction: Choice | None = None
    boundary: Choice | None = None


class PartSpec(Choice):
    """What stands beside the network: an autoencoder, or what reads a prompt; with weights of its own or not.

    weights: a folder, a file or a Hub repository; where none is named, the pipeline's own are searched.
    """

    weights: str | None = None


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
    """Where and how the network runs; docs/engine.md says what each choice gains and costs.

    batch: samples that are walked together. guidance: its branches in one batch, or one after the other,
    which takes less memory. decode: how latents become pictures, and pictures latents: all at once, one
    after the other, in tiles.
    The other fields are engine.Settings'.
    """

    device: str = "auto"
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "float32"
    batch: Annotated[int, Field(ge=1, le=65_536)] = 64
    guidance: Literal["together", "apart"] = "together"
    decode: Literal["whole", "sliced", "tiled"] = "whole"
    islands: tuple[str, ...] = ()
    layout: Literal["auto", "plain", "channels_last", "packed"] = "auto"
    attention: Literal["auto", "sdpa", "sliced", "flex"] = "auto"
    reuse_text: bool = True
    compile: bool = False
    graphs: bool = False
    offload: bool = False
    quantize: Literal["int8"] | None = None
    cache: Choice | None = None
    guard: bool = True


class PipelineSpec(Spec):
    """One YAML file: what a sweep finds, what `generate` reads, what an agent writes.

    variant: of the weights, such as "fp16". autoencoder and conditioner are the model's own unless named.
    preview: a small autoencoder that shows samples while they are made.
    """

    model: ModelSpec
    weights: str | None = None
    variant: str | None = None
    autoencoder: PartSpec | None = None
    conditioner: PartSpec | None = None
    scheduler: SchedulerSpec = SchedulerSpec(name="dpmpp_2m")
    spacing: SpacingSpec = SpacingSpec()
    guidance: Choice = Choice(name="none")
    threshold: Choice | None = None
    noise: Choice = Choice(name="seeded")
    engine: EngineSpec = EngineSpec()
    refiner: "RefinerSpec | None" = None
    preview: PartSpec | None = None


class RefinerSpec(PipelineSpec):
    """A second pipeline that takes a sample over before it is clean, as SDXL's does.

    What is not said of scheduler, spacing, guidance, threshold, noise and engine is as in the first one.
    at: how much of training's time the first one walks; 0.8 leaves the cleanest fifth.
    """

    at: Annotated[float, Field(gt=0, lt=1)] = 0.8


class FitSpec(Spec):
    """How a network is trained.

    ema: the decay of the weights' average, which is what is kept in the end; 0 keeps the last weights, and
    saves the memory of a second network. gradient_checkpointing: compute activations a second time for the
    gradients, which takes far less memory and about a third more time; the result is the same.
    """

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
    gradient_checkpointing: bool = False


class TrainSpec(PipelineSpec):
    """A pipeline, the data it learns from, and how."""

    data: Choice
    train: FitSpec = FitSpec()

    def pipeline(self, weights: str | None = None) -> PipelineSpec:
        """The pipeline alone, with the weights that training made."""
        kept = self.model_dump(exclude={"data", "train"}, exclude_unset=True)
        return PipelineSpec.model_validate({**kept, "weights": weights or self.weights})


class Request(Spec):
    """What to make: one sample a seed; a single label, prompt or negative prompt serves all of them.

    size: height and width in pixels, where the model can make more than one. image, mask: pictures' paths;
    with an image the last `strength` of the walk begins from it, with a mask only its white part is made
    anew.
    """

    seeds: tuple[Annotated[int, Field(ge=0, lt=2**32)], ...] = (0,)
    labels: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    prompts: tuple[str, ...] | None = None
    negatives: tuple[str, ...] | None = None
    size: tuple[Positive, Positive] | None = None
    image: str | None = None
    mask: str | None = None
    strength: Annotated[float, Field(gt=0, le=1)] = 1.0

    @model_validator(mode="after")
    def _as_many(self) -> Self:
        if not self.seeds:
            raise ValueError("seeds: at least one is needed")
        for what in ("labels", "prompts", "negatives"):
            given = getattr(self, what)
            if given is not None and len(given) not in {1, len(self.seeds)}:
                told = f"{len(given)} {what} for {len(self.seeds)} seeds"
                raise ValueError(f"{told}: give as many, or one {what.removesuffix('s')}")
        if self.image is None and (self.mask is not None or self.strength != 1):
            raise ValueError("mask, strength: they need the image to begin from")
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


_EACH = {"seeds": "seed", "labels": "label", "prompts": "prompt", "negatives": "negative"}


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
