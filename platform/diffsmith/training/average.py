"""The exponential average of a network's weights, which samples better than the last ones."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ..weights.networks import fill

__all__ = ["Average"]


class Average:
    """Follows a network at its own pace; at a decay of 0 it is the network, and costs no memory."""

    def __init__(self, network: nn.Module, decay: float, device: torch.device) -> None:
        self._network = network
        self._followed: AveragedModel | None = None
        if decay:
            self._followed = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]
            self._followed.to(device).eval()

    @property
    def module(self) -> nn.Module:
        """The network that has the averaged weights."""
        return self._network if self._followed is None else self._followed.module

    def update(self) -> None:
        """After a step of the network's."""
        if self._followed is not None:
            self._followed.update_parameters(self._network)

    def state_dict(self) -> dict[str, Tensor]:
        """What a checkpoint keeps beside the network's own weights; nothing where they are the average."""
        return {} if self._followed is None else self._followed.state_dict()

    def fill(self, tensors: dict[str, Tensor], source: Path) -> None:
        """Take up what a checkpoint kept."""
        if self._followed is not None:
            fill(self._followed, tensors, source)
