"""Attention that knows how far apart two frames are."""

import torch
from torch import Tensor, nn

from ..attention import Attention

__all__ = ["RelativeAttention"]


class RelativeAttention(Attention):
    """Self-attention with a key and a value for each distance (Shaw et al. 2018, equations 3 to 5).

    reach: the largest distance that is told from those beyond it.
    """

    def __init__(self, width: int, heads: int, reach: int) -> None:
        super().__init__(width, heads, width // heads)
        self.relative_position_k = _Distances(width // heads, reach)
        self.relative_position_v = _Distances(width // heads, reach)

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """x [B, N, width] to the same; it reads no context."""
        parts = (layer(x).unflatten(2, (self.heads, -1)) for layer in (self.to_q, self.to_k, self.to_v))
        query, key, value = (part.transpose(1, 2) for part in parts)  # [B, heads, N, d]
        query = query * query.shape[-1] ** -0.5
        far_key, far_value = self.relative_position_k(x.shape[1]), self.relative_position_v(x.shape[1])
        scores = query @ key.mT + torch.einsum("bhnd,nmd->bhnm", query, far_key)
        weights = scores.softmax(-1)
        seen = weights @ value + torch.einsum("bhnm,nmd->bhnd", weights, far_value)
        out: Tensor = self.to_out(seen.transpose(1, 2).flatten(2))
        return out


class _Distances(nn.Module):
    """A learnt vector for each distance."""

    def __init__(self, width: int, reach: int) -> None:
        super().__init__()
        self.reach = reach
        self.embeddings_table = nn.Parameter(torch.empty(2 * reach + 1, width))
        nn.init.xavier_uniform_(self.embeddings_table)

    def forward(self, places: int) -> Tensor:
        """From each place to each other, [places, places, width]."""
        place = torch.arange(places, device=self.embeddings_table.device)
        distance = (place[None] - place[:, None]).clamp(-self.reach, self.reach)
        return self.embeddings_table[distance + self.reach]
