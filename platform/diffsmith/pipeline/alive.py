"""The pipeline itself: a network, what stands beside it, and the walk that makes samples."""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from .. import factory
from ..autoencoders import Autoencoder
from ..conditioning import Conditioner
from ..diffusion.coordinates import moved_to
from ..diffusion.prediction import Prediction
from ..diffusion.schedules import NoiseSchedule
from ..diffusion.trajectory import Frame
from ..engine import begin, dtype_of
from ..errors import SpecError
from ..modality import Modality
from ..registry import Registry
from ..samples import Sample
from ..specs import PipelineSpec, Request
from .asking import Asked, Conditions, Telling
from .coding import Coding
from .conditions import conditioned, labelled, with_beside
from .extent import Extent
from .freeinit import again
from .handover import going_on, until
from .known import continued
from .requests import batches, request_of, require_sense
from .tasks import Task, as_it_is, task
from .wanting import FPS, wanted
from .windows import windowed

if TYPE_CHECKING:
    from .parts import Parts

__all__ = ["Pipeline"]

_CLIP = 4  # dimensions of the shape of a clip


@dataclass(frozen=True)
class Pipeline:
    """A network and everything that turns its answers into samples. Made by `build` or `load`.

    One walk at a time: what is kept from step to step belongs to the network.
    """

    spec: PipelineSpec
    network: nn.Module
    """(x [B, *shape], timestep, **condition) -> [B, *shape]."""
    modality: Modality
    registry: Registry
    schedule: NoiseSchedule
    prediction: Prediction
    log_snrs: Tensor
    """The noise levels visited, [steps + 1] log-SNRs."""
    shape: tuple[int, ...]
    """Of one sample in the network's space: latents [channels, height, width] behind an autoencoder."""
    classes: int | None = None
    autoencoder: Autoencoder | None = None
    """encode: x [B, 3, H, W] in [-1, 1] -> latents [B, c, h, w]; decode: back."""
    conditioner: Conditioner | None = None
    preview: Autoencoder | None = None
    """A small autoencoder, for a look at frames on the way."""
    refiner: "Pipeline | None" = None
    parts: "Parts | None" = None
    """Where it came from, if not from a training of ours."""

    def generate(
        self,
        request: Request | Sequence[str] | str | None = None,
        *,
        labels: Sequence[int] | int | None = None,
        seed: int = 0,
        seeds: Sequence[int] | None = None,
        **rest: Any,
    ) -> list[Sample]:
        """One sample a seed: of a prompt or several, of labels, or of a whole Request.

        Without `seeds` they count up from `seed`, one a label or prompt. `rest` are what else a Request says:
        negative, size, image, mask, strength; and prompt, by its name.
        """
        if not isinstance(request, Request):
            words = rest if request is None else {"prompt": request, **rest}
            request = request_of(labels, seed, seeds, **words)
        elif rest or seed or not (labels is seeds is None):
            raise SpecError(["request: it is whole already; say labels, seeds and the rest inside it"])
        making = self.making(request)
        while True:
            try:
                next(making)
            except StopIteration as done:
                samples: list[Sample] = done.value
                return samples

    def interpolate_frames(
        self, pictures: Sequence[str | Path], prompt: Sequence[str] | str | None = None, **rest: Any
    ) -> list[Sample]:
        """Clips through these pictures: the first at the start, the last at the end, the others between.

        The pictures stand as they are; the model makes what lies between them. `rest` is as in `generate`.
        """
        return self.generate(prompt, between=pictures, **rest)

    def making(self, request: Request) -> Generator[Frame, None, list[Sample]]:
        """The same, step by step: yields every Frame, returns the samples."""
        self._require_sense(request)
        samples: list[Sample] = []
        for batch in batches(request, self.spec.engine.batch):
            samples += yield from self._batch(batch)
        self.registry.shout("diffsmith_samples_made", samples=samples)
        return samples

    def frames(self, request: Request) -> Iterator[Frame]:
        """Every step of one batch, the refiner's too: x and its clean estimate, in network space."""
        self._require_sense(request)
        begun = self._begun(request)
        return self._finished(request, begun, self._asked(request, begun))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed of its weights, because their files do not tell it."""
        return () if self.parts is None else self.parts.notes

    def save(self, folder: str | Path) -> Path:
        """Write it as a folder that diffusers opens, and `load` with all that the spec says."""
        from .saving import save

        return save(self, Path(folder))

    def steps(self, request: Request) -> int:
        """How many frames `making` yields; about as many where a scheduler has steps of its own."""
        own, *theirs = (len(levels) - 1 for levels in self._visited(request))
        return (own * self._times + sum(theirs)) * -(-len(request.seeds) // self.spec.engine.batch)

    @property
    def conditioners(self) -> Mapping[str, nn.Module]:
        """The encoders of text, by their names in a diffusers folder; none where none is read."""
        return {} if self.conditioner is None else self.conditioner.encoders

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.network.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The number format that the network works in."""
        return dtype_of(self.spec.engine.dtype, self.device)

    @property
    def extent(self) -> Extent:
        """What sizes it makes."""
        return Extent(self.spec.model.name, self.shape, self.network, self.autoencoder, self.spec.context)

    @property
    def coding(self) -> Coding:
        """What stands between the network and what people see."""
        return Coding(self.modality, self.autoencoder, self.preview, self.spec.engine)

    @property
    def reads(self) -> tuple[str, ...]:
        """What it is told by: "text", a "picture", both, or neither."""
        return factory.reads(self.spec, self.registry)

    @property
    def fps(self) -> float:
        """Frames a second of its clips, unless a request says otherwise."""
        return float(self.spec.model.fps or factory.card_of(self.spec.model, self.registry).fps or FPS)

    def encoded(self, x: Tensor) -> Tensor:
        """Pixels [B, C, (F,) H, W] in [-1, 1] in network space."""
        return self.coding.encoded(x)

    def decoded(self, x: Tensor, quickly: bool = False) -> Tensor:
        """Network space as the modality's data, on the CPU; quickly: by the preview's autoencoder, if any."""
        return self.coding.decoded(x, quickly)

    def _require_sense(self, request: Request) -> None:
        clips = len(self.shape) == _CLIP
        name, guidance = self.spec.model.name, self.spec.guidance.name
        require_sense(request, name, self.classes, self.reads, guidance, clips)
        if self._times > 1 and (request.video or request.strength < 1):
            raise SpecError(["freeinit: walks from noise, not from a clip or picture; leave one of them out"])

    def _batch(self, request: Request) -> Generator[Frame, None, list[Sample]]:
        started, count = time.perf_counter(), len(request.seeds)
        begun = self._begun(request)
        asked = self._asked(request, begun)
        last = yield from self._finished(request, begun, asked)
        data = continued(self, request, (self.refiner or self).decoded(last))
        seconds = (time.perf_counter() - started) / count
        return [self._sample(data[row], request.row(row), seconds, asked.calls) for row in range(count)]

    def _finished(self, request: Request, begun: Task, asked: Asked) -> Generator[Frame, None, Tensor]:
        """Walk to the end, the refiner's where there is one; returns x there."""
        x = yield from self._walked(begun, asked)
        for number in range(1, self._times):
            assert self.spec.freeinit is not None  # noqa: S101 — else once is enough
            begun = again(begun, x, number, self.spec.freeinit, self.schedule)
            x = yield from self._walked(begun, asked)
        if self.refiner is None:
            return x
        then = self.refiner._handed(request, x, self._visited(request)[-1])
        theirs = self.refiner._asked(request, then)
        x = yield from self.refiner._finished(request, then, theirs)
        asked.calls += theirs.calls
        return x

    def _walked(self, begun: Task, asked: Asked) -> Generator[Frame, None, Tensor]:
        for frame in self._walk(begun, asked):
            yield frame
        return moved_to(self.schedule.path, frame.x, frame.level)

    @property
    def _times(self) -> int:
        """How often the walk is made."""
        return 1 if self.spec.freeinit is None else self.spec.freeinit.iterations

    def _sample(self, data: Tensor, asked: dict[str, Any], seconds: float, calls: int) -> Sample:
        seed, label = asked.pop("seed"), asked.pop("label", None)
        rate = asked.get("fps", self.fps) if len(self.shape) == _CLIP else None
        made = (data, self.modality, self.spec.to_dict(), seed, label, seconds, calls)
        return Sample(*made, asked=asked, rate=rate)

    def _begun(self, request: Request) -> Task:
        begun = task(self, request, self._visited(request)[0])
        return begun if self.refiner is None else replace(begun, whole=as_it_is)

    def _handed(self, request: Request, x: Tensor, levels: Tensor) -> Task:
        """The rest of a walk that another pipeline began."""
        masked = request.mask is not None or self.extent.extra_channels
        begun = task(self, request, levels) if masked else Task(x, levels, request.seeds)
        return replace(begun, x=x.to(self.device))

    def _visited(self, request: Request) -> tuple[Tensor, ...]:
        """The levels of the walk, and of the refiner's where there is one."""
        levels = factory.last_part(self.spec, request.strength, self.registry)
        if len(levels) < 2:
            what = f"{request.strength} of {len(self.log_snrs) - 1} steps is none"
            raise SpecError([f"strength: {what}; ask for more steps, or for more of them"])
        if self.refiner is None or self.spec.refiner is None:
            return (levels,)
        own = until(self.schedule, levels, self.spec.refiner.at)
        return own, going_on(self.refiner.log_snrs, own[-1].item())

    def _asked(self, request: Request, begun: Task) -> Asked:
        bounded = factory.boundary(self.spec.model, self.registry)
        conditions = with_beside(self._conditions(request, begun.x), begun.beside)
        apart = self.spec.engine.guidance == "apart"
        network = windowed(self.network, self.extent.window, self.spec.context)
        return Asked(network, self.dtype, self.schedule, self.prediction, bounded, conditions, apart)

    def _conditions(self, request: Request, x: Tensor) -> Conditions:
        if self.conditioner is None:
            return labelled(request.labels, self.classes, len(request.seeds), self.device)
        return conditioned(self.conditioner, wanted(self, request, x), self.device, self.dtype)

    @torch.no_grad()
    def _walk(self, begun: Task, asked: Asked) -> Iterator[Frame]:
        begin(self.network)
        noise = factory.noise(self.spec, self.registry)(begun.seeds, begun.log_snrs, 1)
        guided = factory.guidance(self.spec, self.registry)(asked, self.prediction)
        told = Telling(guided, asked)
        denoise = begun.known(factory.threshold(self.spec, self.registry)(told))
        loop = factory.scheduler(self.spec.scheduler, self.registry)
        walked = loop(denoise, begun.x, self.schedule, begun.log_snrs, noise)
        frame = next(walked)
        for later in walked:
            yield frame
            frame = later
        yield replace(frame, x=begun.whole(frame.x))
