"""The loss of a batch: which noise levels it looks at, and how much it minds each."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .. import factory
from ..data import Split
from ..diffusion.levels import Level
from ..diffusion.loss import denoising_loss
from ..diffusion.prediction import Prediction
from ..diffusion.schedules import NoiseSchedule
from ..registry import Registry
from ..specs import TrainSpec
from .material import Material

__all__ = ["Objective", "objective_of"]


@dataclass(frozen=True)
class Objective:
    """Callable on (network, batch): a scalar, whose randomness is torch's global one.

    A network that answers its variance too, in as many channels more, keeps that half as it is: only the
    first is compared, as it is in sampling.
    """

    schedule: NoiseSchedule
    prediction: Prediction
    times: Callable[[Tensor, NoiseSchedule], Tensor]
    weighting: Callable[[Level, Prediction], Tensor]
    told: Callable[[Tensor | None], dict[str, Tensor]]
    """What the network reads of the rows with these labels."""
    instead: Callable[[Tensor], Tensor] | None
    """Labels -> those of nothing, in their place; None where nothing is told."""
    class_dropout: float

    def __call__(self, network: Callable[..., Tensor], batch: Split) -> Tensor:
        """Mean weighted squared error over the batch, each row at a noise level of its own."""
        draws = torch.rand(len(batch))  # on the CPU, where the schedule's tables are
        log_snr = self.times(draws, self.schedule)
        noise = torch.randn_like(batch.x)
        condition = self.told(self._some_dropped(batch.label))

        def net(x: Tensor, timestep: Tensor) -> Tensor:
            return network(x, timestep, **condition)[:, : x.shape[1]]

        return denoising_loss(net, batch.x, noise, log_snr, self.schedule, self.prediction, self.weighting)

    def _some_dropped(self, label: Tensor | None) -> Tensor | None:
        """Labels, some replaced by "no class", so that guidance has something to compare with."""
        if label is None or self.instead is None:
            return None
        dropped = torch.rand(len(label), device=label.device) < self.class_dropout
        return torch.where(dropped, self.instead(label), label)


def objective_of(spec: TrainSpec, registry: Registry, material: Material) -> Objective:
    """The objective a spec asks for."""
    return Objective(
        factory.schedule(spec.model, registry),
        factory.prediction(spec.model, registry),
        registry.bind("times", spec.train.times, "train.times"),
        registry.bind("weightings", spec.train.weighting, "train.weighting"),
        material.told,
        material.instead,
        spec.train.class_dropout,
    )
