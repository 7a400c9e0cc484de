"""What scores are measured against, and what real data itself would score."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..data import Split

__all__ = ["Metric", "Reference", "noise_floor"]


@dataclass(frozen=True)
class Reference:
    """Real data that training never saw, and the feature space to compare in.

    embed: x [N, ...] in network space -> features [N, D].
    """

    real: Split
    embed: Callable[[Tensor], Tensor]

    @cached_property
    def features(self) -> Tensor:
        """The real data's features [N, D], computed once."""
        return self.embed(self.real.x)


Metric = Callable[[Tensor, Reference], float]
"""(samples [N, ...] in network space, reference) -> score."""


def noise_floor(metric: Metric, train: Split, reference: Reference, samples: int, seed: int = 0) -> float:
    """What as many real rows from training score: samples can hardly be better than that.

    Fewer rows are taken where training has fewer; choosing them disturbs no random state.
    """
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed))
    return metric(train.x[order[:samples]], reference)
