"""The mix of what sees each frame alone and what sees along the frames."""

import torch
from torch import Tensor, nn

__all__ = ["AlphaBlender"]


class AlphaBlender(nn.Module):
    """A learnt mix of two maps (Blattmann et al. 2023, Align your Latents, section 3.1).

    start: what the sigmoid is taken of, before training. switched: the sigmoid is the share of the temporal
    map, as in the decoder, not that of the spatial one.
    """

    def __init__(self, start: float = 0.5, *, switched: bool = False) -> None:
        super().__init__()
        self.switched = switched
        self.mix_factor = nn.Parameter(torch.tensor([start]))

    def share(self) -> Tensor:
        """The temporal map's, [1]."""
        return (self.mix_factor if self.switched else -self.mix_factor).sigmoid()

    def forward(self, spatial: Tensor, temporal: Tensor) -> Tensor:
        """Two of one shape to the same."""
        return spatial.lerp(temporal, self.share().to(spatial.dtype))

    def added(self, spatial: Tensor, more: Tensor) -> Tensor:
        """The same where the temporal map is spatial + more."""
        return torch.addcmul(spatial, more, self.share().to(spatial.dtype))
