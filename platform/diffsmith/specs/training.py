"""How a network is trained, and what a sweep searches."""

from typing import Annotated, Any, Literal

from pydantic import Field

from .base import Choice, Positive, Spec
from .pipeline import PipelineSpec

__all__ = ["Direction", "FitSpec", "SweepSpec", "TrainSpec"]

Direction = Literal["minimize", "maximize"]


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


class SweepSpec(Spec):
    """What to search, by what measure, and for how long."""

    base: TrainSpec
    space: dict[str, Any]
    first: tuple[dict[str, Any], ...] = ()
    objectives: dict[str, Direction]
    constraints: dict[str, float] = Field(default={})
    seconds: Annotated[float, Field(gt=0)] | None = None
    trials: Positive | None = None
    patience: Positive | None = None
    samples: Annotated[int, Field(ge=16)] = 256
    rungs: Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], Field()] = (0.33,)
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
