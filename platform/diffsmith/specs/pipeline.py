"""A pipeline: its network, how it is sampled, where it runs."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .base import Choice, PartSpec, Positive, Spec
from .clips import ContextSpec, FreeInitSpec

__all__ = ["EngineSpec", "ModelSpec", "PipelineSpec", "RefinerSpec", "SchedulerSpec", "SpacingSpec"]


class ModelSpec(Choice):
    """A network and how to read its answers.

    shape, of a sample in the network's space (channels, height, width, or channels, frames, height, width),
    classes and fps are the data's; training writes them down. weights: a file of the network's own, where it
    does not lie with the rest of the pipeline.
    """

    weights: str | None = None
    shape: tuple[Positive, ...] | None = None
    classes: Positive | None = None
    fps: Annotated[float, Field(gt=0)] | None = None
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
    """Where and how the network runs; docs/engine.md says what each choice gains and costs.

    batch: samples that are walked together. guidance: its branches in one batch, or one after the other,
    which takes less memory. decode: how latents become pictures, and pictures latents: all at once, one
    after the other, in tiles. decode_frames: how many frames of a clip go through the autoencoder at once;
    null: as many as suit it.
    The other fields are engine.Settings'.
    """

    device: str = "auto"
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "float32"
    batch: Annotated[int, Field(ge=1, le=65_536)] = 64
    guidance: Literal["together", "apart"] = "together"
    decode: Literal["whole", "sliced", "tiled"] = "whole"
    decode_frames: Positive | None = None
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
    adapters: small weights that go into the network's, one after the other. context and freeinit: for clips.
    preview: a small autoencoder that shows samples while they are made.
    """

    model: ModelSpec
    weights: str | None = None
    variant: str | None = None
    autoencoder: PartSpec | None = None
    conditioner: PartSpec | None = None
    adapters: tuple[PartSpec, ...] = ()
    scheduler: SchedulerSpec = SchedulerSpec(name="dpmpp_2m")
    spacing: SpacingSpec = SpacingSpec()
    guidance: Choice = Choice(name="none")
    threshold: Choice | None = None
    noise: Choice = Choice(name="seeded")
    engine: EngineSpec = EngineSpec()
    context: ContextSpec | None = None
    freeinit: FreeInitSpec | None = None
    refiner: "RefinerSpec | None" = None
    preview: PartSpec | None = None


class RefinerSpec(PipelineSpec):
    """A second pipeline that takes a sample over before it is clean, as SDXL's does.

    What is not said of scheduler, spacing, guidance, threshold, noise and engine is as in the first one.
    at: how much of training's time the first one walks; 0.8 leaves the cleanest fifth.
    """

    at: Annotated[float, Field(gt=0, lt=1)] = 0.8


PipelineSpec.model_rebuild()  # which names the refiner before it is there, and others build upon
