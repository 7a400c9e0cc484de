"""A pipeline: a spec brought to life. The only file that knows both names and tensors."""

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from . import factory
from .diffusion.coordinates import moved_to
from .diffusion.denoiser import Denoise, Denoiser
from .diffusion.levels import Level
from .diffusion.noise import Seeded
from .diffusion.prediction import Prediction
from .diffusion.schedules import NoiseSchedule
from .diffusion.starting import pure
from .diffusion.trajectory import Frame
from .documents import read_yaml
from .engine import placed
from .errors import SpecError
from .modality import Modality
from .registry import Registry, default_registry
from .samples import Sample
from .specs import ModelSpec, PipelineSpec, Request, parse
from .weights.networks import fill
from .weights.tensors import load_tensors

__all__ = ["SPEC_FILE", "Pipeline", "assemble", "build", "load", "new_network", "request_of"]

SPEC_FILE = "pipeline.yaml"


@dataclass(frozen=True)
class Pipeline:
    """A network and everything that turns its answers into samples. Made by `build` or `load`."""

    spec: PipelineSpec
    network: nn.Module
    """(x [B, *shape], timestep, label [B]) -> [B, *shape]."""
    modality: Modality
    registry: Registry
    schedule: NoiseSchedule
    prediction: Prediction
    log_snrs: Tensor
    """The noise levels visited, [steps + 1] log-SNRs."""

    def generate(
        self,
        request: Request | None = None,
        *,
        labels: Sequence[int] | int | None = None,
        seed: int = 0,
        seeds: Sequence[int] | None = None,
    ) -> list[Sample]:
        """One sample a seed. Without `seeds` they count up from `seed`, one a label."""
        making = self.making(request or request_of(labels, seed, seeds))
        while True:
            try:
                next(making)
            except StopIteration as done:
                samples: list[Sample] = done.value
                return samples

    def making(self, request: Request) -> Generator[Frame, None, list[Sample]]:
        """The same, step by step: yields every Frame, returns the samples."""
        self._refuse_wrong_labels(request)
        samples: list[Sample] = []
        for batch in _batches(request, self.spec.engine.batch):
            samples += yield from self._batch(batch)
        self.registry.shout("diffsmith_samples_made", samples=samples)
        return samples

    def frames(self, request: Request) -> Iterator[Frame]:
        """Every step of one batch: x and its clean estimate, in network space."""
        self._refuse_wrong_labels(request)
        return self._walk(request, _Asked(self, _labels(self.spec.model, request)))

    def _batch(self, request: Request) -> Generator[Frame, None, list[Sample]]:
        started = time.perf_counter()
        asked = _Asked(self, _labels(self.spec.model, request))
        for frame in self._walk(request, asked):
            yield frame
        seconds = (time.perf_counter() - started) / len(request.seeds)
        data = self.modality.decode(moved_to(self.schedule.path, frame.x, frame.level).cpu())
        labels = request.labels or (None,)
        return [
            Sample(
                data[row],
                self.modality,
                self.spec.to_dict(),
                seed,
                labels[row % len(labels)],
                seconds,
                asked.calls,
            )
            for row, seed in enumerate(request.seeds)
        ]

    @torch.no_grad()
    def _walk(self, request: Request, asked: "_Asked") -> Iterator[Frame]:
        here = self.schedule.path(self.log_snrs[0].item())
        blank = torch.zeros(len(request.seeds), *self.spec.model.shape or (), device=asked.device)
        x = pure(Seeded(request.seeds)(blank, here, here), here)
        noise = factory.noise(self.spec, self.registry)(request.seeds, self.log_snrs, 1)
        guided: Denoise = factory.guidance(self.spec, self.registry)(asked, self.prediction)
        denoise = factory.threshold(self.spec, self.registry)(guided)
        loop = factory.scheduler(self.spec.scheduler, self.registry)
        yield from loop(denoise, x, self.schedule, self.log_snrs, noise)

    def _refuse_wrong_labels(self, request: Request) -> None:
        classes = self.spec.model.classes
        if request.labels and classes is None:
            raise SpecError([f"labels: {self.spec.model.name} was trained without classes; leave labels out"])
        wrong = [label for label in request.labels or () if classes is not None and label >= classes]
        if wrong:
            raise SpecError(
                [f"labels: {wrong[0]} is not a class of this model. Classes: 0 to {(classes or 0) - 1}"]
            )


@dataclass
class _Asked:
    """The network asked for clean estimates of one batch, several branches in one go; counts its calls."""

    pipeline: Pipeline
    labels: Tensor | None
    calls: int = 0
    device: torch.device = field(init=False)

    def __post_init__(self) -> None:
        parameter = next(self.pipeline.network.parameters())
        self.device, self.dtype = parameter.device, parameter.dtype
        self.labels = None if self.labels is None else self.labels.to(self.device)
        self.bounded = factory.boundary(self.pipeline.spec.model, self.pipeline.registry)

    def __call__(self, x: Tensor, level: Level, *branches: str) -> tuple[Tensor, ...]:
        self.calls += len(branches)
        labels = self._of(branches, len(x))

        def net(x: Tensor, timestep: float) -> Tensor:
            out: Tensor = self.pipeline.network(x.to(self.dtype), x.new_tensor(timestep), labels)
            return out.to(x.dtype)

        own = Denoiser(net, self.pipeline.schedule, self.pipeline.prediction)
        denoise = self.bounded(own, self.pipeline.schedule)
        return denoise(x.repeat(len(branches), *[1] * (x.ndim - 1)), level).chunk(len(branches))

    def _of(self, branches: tuple[str, ...], batch: int) -> Tensor | None:
        if self.labels is None:
            return None
        nobody = torch.full((batch,), self.pipeline.spec.model.classes or 0, device=self.device)
        return torch.cat([self.labels if name == "conditional" else nobody for name in branches])


def load(path: str | Path, registry: Registry | None = None) -> Pipeline:
    """The pipeline of a spec file, or of a folder that holds one (`pipeline.yaml`)."""
    path = Path(path)
    file = path / SPEC_FILE if path.is_dir() else path
    registry = registry or default_registry()
    spec = factory.checked(PipelineSpec, read_yaml(file), registry, str(file))
    return build(spec, registry, file.parent)


def build(spec: PipelineSpec, registry: Registry | None = None, folder: Path | None = None) -> Pipeline:
    """The pipeline of a spec with its weights, whose path is relative to `folder`."""
    registry = registry or default_registry()
    factory.check(spec, registry)
    if spec.weights is None:
        raise SpecError([f"weights: missing. Name a file, or train: `diffsmith train {spec.model.name}`"])
    path = (folder or Path()) / spec.weights
    tensors, _ = load_tensors(path)
    return assemble(spec, fill(new_network(spec.model, registry), tensors, path), registry)


def assemble(spec: PipelineSpec, network: nn.Module, registry: Registry) -> Pipeline:
    """A pipeline around a network that is already there."""
    schedule = factory.schedule(spec.model, registry)
    network = placed(network, spec.engine.device, spec.engine.dtype)
    modality = registry.get("modalities", registry.get("models", spec.model.name).modality)
    prediction = factory.prediction(spec.model, registry)
    log_snrs = factory.log_snrs(spec, registry)
    return Pipeline(spec, network, modality, registry, schedule, prediction, log_snrs)


def new_network(model: ModelSpec, registry: Registry) -> nn.Module:
    """A network of that spec with fresh weights."""
    if model.shape is None:
        raise SpecError(
            ["model.shape: missing. Training writes it down; give it as [channels, height, width]"]
        )
    try:
        network: nn.Module = factory.network_builder(model, registry)(tuple(model.shape), model.classes)
    except ValueError as error:
        raise SpecError([f"model: {error}"]) from None
    return network


def request_of(
    labels: Sequence[int] | int | None, seed: int = 0, seeds: Sequence[int] | None = None
) -> Request:
    """A request in a person's short form."""
    wanted = (labels,) if isinstance(labels, int) else labels
    numbers = seeds if seeds is not None else range(seed, seed + len(wanted or (0,)))
    return parse(Request, {"seeds": tuple(numbers), "labels": None if wanted is None else tuple(wanted)})


def _labels(model: ModelSpec, request: Request) -> Tensor | None:
    """The class of each sample; a model with classes, asked for none, makes whatever it likes."""
    if model.classes is None:
        return None
    labels = torch.tensor(request.labels if request.labels else [model.classes])
    return labels.expand(len(request.seeds)) if len(labels) == 1 else labels


def _batches(request: Request, size: int) -> Iterator[Request]:
    for start in range(0, len(request.seeds), size):
        rows = slice(start, start + size)
        shared = request.labels is None or len(request.labels) == 1
        yield Request(
            seeds=request.seeds[rows], labels=request.labels if shared else (request.labels or ())[rows]
        )
