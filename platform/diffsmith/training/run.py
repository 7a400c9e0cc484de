"""One training run: a network, its optimizer and its average, advanced a step at a time."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .. import factory
from ..data import Data
from ..engine import recomputed
from ..errors import NonFiniteLoss, SpecError
from ..pipeline import Pipeline, assemble
from ..pipeline.parts import Parts
from ..registry import Registry
from ..specs import TrainSpec
from ..weights.networks import fill
from . import checkpoints
from .average import Average
from .material import Material, material_of
from .networks import copied, first_network
from .objective import objective_of
from .optimizer import put_state, state_tensors
from .order import rows_of, seeded_step
from .precision import accelerator_of
from .rates import rate

__all__ = ["Step", "Training"]


@dataclass(frozen=True)
class Step:
    """What one training step did. `number` counts from 1; `loss` is the batch's mean."""

    number: int
    of: int
    loss: float
    lr: float
    grad_norm: float
    seconds: float


class Training:
    """Everything that changes while a network learns; made fresh, or as the last checkpoint left it."""

    def __init__(
        self, spec: TrainSpec, data: Data | Material, registry: Registry, folder: Path | None = None
    ) -> None:
        factory.check(spec, registry)
        self.registry, self.folder = registry, folder
        self.step = 0
        self._good: Path | None = None
        self._material = data if isinstance(data, Material) else material_of(spec, data, registry)
        self.spec = spec.model_copy(update={"model": self._material.model})
        self._objective = objective_of(self.spec, registry, self._material)
        self._accelerator = accelerator_of(spec.train.precision, spec.engine.device)
        self._prepare()
        if folder is not None:
            self._resume(folder)

    def steps(self, until: int | None = None) -> Iterator[Step]:
        """Train on to step `until` (the whole length unless told), yielding every step."""
        steps = self.spec.train.steps
        end = steps if until is None else min(until, steps)
        while self.step < end:
            yield self._advance()

    def pipeline(self) -> Pipeline:
        """A pipeline on a copy of the averaged weights as they are now."""
        network = copied(self.average.module, self.spec, self.registry)
        beside = Parts(self.spec, self.registry, Path()).beside()  # mapped, so not kept between two calls
        return assemble(self.spec.pipeline(), network, self.registry, beside)

    def save(self) -> Path | None:
        """Write a checkpoint of now, if this run has a folder."""
        if self.folder is not None:
            facts = {"step": self.step, "learnt": _learnt(self.spec), "scaler": self._scaler_state()}
            self._good = checkpoints.save(self.folder, self._tensors(), facts)
        return self._good

    def _prepare(self) -> None:
        fit = self.spec.train
        network = first_network(self.spec, self.registry)
        self.average = Average(network, fit.ema, self._accelerator.device)
        if fit.gradient_checkpointing:
            recomputed(network)
        self._parameters = list(network.parameters())
        optimizer = torch.optim.AdamW(self._parameters, fit.lr, weight_decay=fit.weight_decay, fused=True)
        self.network, self.optimizer = self._accelerator.prepare(network, optimizer)

    def _advance(self) -> Step:
        started, fit = time.perf_counter(), self.spec.train
        lr = rate(fit, self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.optimizer.zero_grad()
        batches = range(self.step * fit.accumulate, (self.step + 1) * fit.accumulate)
        loss = sum(self._backward(batch) for batch in batches) / fit.accumulate
        norm = float(self._accelerator.clip_grad_norm_(self._parameters, fit.clip))
        self._require_finite(loss, norm)
        self.optimizer.step()
        self.average.update()
        self.step += 1
        return Step(self.step, fit.steps, loss, lr, norm, time.perf_counter() - started)

    def _backward(self, batch: int) -> float:
        """Gradients of one micro-batch; its loss."""
        fit = self.spec.train
        rows = rows_of(batch, fit.batch, len(self._material.rows), fit.seed)
        with seeded_step(fit.seed, batch + 1):
            loss = self._objective(self.network, self._material.batch(rows))
            self._accelerator.backward(loss / fit.accumulate)
        return loss.item()

    def _require_finite(self, loss: float, norm: float) -> None:
        """Stop before the optimizer or the average are poisoned; a scaler skips infinite gradients itself."""
        if not math.isfinite(loss) or (self._accelerator.scaler is None and not math.isfinite(norm)):
            raise NonFiniteLoss(self.step + 1, loss if not math.isfinite(loss) else norm, self._good)

    def _tensors(self) -> dict[str, dict[str, torch.Tensor]]:
        kept = {
            "weights": self._plain.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": state_tensors(self.optimizer),
        }
        return {group: tensors for group, tensors in kept.items() if tensors}

    def _resume(self, folder: Path) -> None:
        checkpoint = checkpoints.latest(folder)
        if checkpoint is None:
            return
        path, step = checkpoint.path, checkpoint.facts["step"]
        if checkpoint.facts["learnt"] != _learnt(self.spec):
            raise SpecError([f"{path} was trained with another spec: use a new folder, or the same spec"])
        if step > self.spec.train.steps:
            raise SpecError(
                [f"{path} is beyond train.steps {self.spec.train.steps}: use a new folder, or more steps"]
            )
        fill(self._plain, checkpoint.tensors["weights"], path)
        self.average.fill(checkpoint.tensors.get("average", {}), path)
        put_state(self.optimizer, checkpoint.tensors["optimizer"])
        if self._accelerator.scaler is not None:
            self._accelerator.scaler.load_state_dict(checkpoint.facts["scaler"])
        self.step, self._good = step, path

    def _scaler_state(self) -> dict[str, Any]:
        scaler = self._accelerator.scaler
        return scaler.state_dict() if scaler is not None else {}

    @property
    def _plain(self) -> nn.Module:
        network: nn.Module = self._accelerator.unwrap_model(self.network)
        return network


def _learnt(spec: TrainSpec) -> dict[str, Any]:
    """What the weights so far depend on, defaults included; at a constant rate a run may be made longer."""
    free = _FREE | ({"steps"} if spec.train.rate == "constant" else set())
    written = spec.model_dump(mode="json", include={"model", "data", "train"}, exclude={"train": free})
    begun = spec.model_dump(mode="json", include=_BEGUN, exclude_defaults=True)
    return {**written, **begun}


_FREE = {"checkpoint_every", "gradient_checkpointing"}
_BEGUN = {"weights", "variant", "autoencoder", "conditioner", "adapters"}
"""What a network begins from and what makes its data, where a spec names it."""
