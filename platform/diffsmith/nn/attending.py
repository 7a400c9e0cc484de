"""The one formula of attention, and the ways to compute it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["BACKENDS", "Backend", "attend", "flex", "sdpa", "seen", "sliced", "using"]

Backend = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]
"""query [B, H, N, d], key and value [B, H, M, d], additive mask or None, to [B, H, N, d]."""


def attend(
    query: Tensor, key: Tensor, value: Tensor, heads: int, mask: Tensor | None = None, *, upcast: bool = False
) -> Tensor:
    """Means of the values, weighted by how queries match keys (Vaswani et al. 2017, equation 1).

    query [B, N, heads * d], key and value [B, M, heads * d] to [B, N, heads * d]. mask is added to the
    scores: [B or 1, 1 or heads, N or 1, M]. upcast: scores and softmax in float32.
    """
    q, k, v = (part.reshape(*part.shape[:2], heads, -1).transpose(1, 2) for part in (query, key, value))
    if upcast:
        q, k, v = q.float(), k.float(), v.float()
    out = _chosen.backend(q, k, v, None if mask is None else mask.to(q.dtype))
    return out.transpose(1, 2).flatten(2).to(query.dtype)


def seen(keep: Tensor) -> Tensor:
    """The additive mask of a text mask: keep [B, M], 1 where a token is read, to [B, 1, 1, M]."""
    return ((1 - keep.float()) * -10_000.0)[:, None, None]


def sdpa(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """PyTorch's fused kernels: fast, and no scores in memory (Dao et al. 2022)."""
    if mask is None and _few(q, k):
        return _short(q, k, v)
    return F.scaled_dot_product_attention(q, k, v, mask)


def sliced(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """A few heads or queries after the other: little memory where no fused kernel is, the same numbers.

    On a CPU a slice stays in the cache, which in bfloat16 is faster than PyTorch's kernel.
    """
    if q[..., 0].numel() * k.shape[2] <= _budget(q):
        return _explicit(q, k, v, mask)
    masks = [None] * len(q) if mask is None else mask.expand(len(q), q.shape[1], -1, -1)
    return torch.stack([_heads(*each) for each in zip(q, k, v, masks, strict=True)])


def flex(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """FlexAttention, compiled (He et al. 2024)."""
    if mask is None:
        return _compiled_flex()(q, k, v)
    full = mask.expand(len(q), q.shape[1], q.shape[2], -1)

    def masked(score: Tensor, batch: Tensor, head: Tensor, row: Tensor, column: Tensor) -> Tensor:
        return score + full[batch, head, row, column]

    return _compiled_flex()(q, k, v, score_mod=masked)


CACHED, SCORES = 2**20, 2**26
"""How many scores `sliced` holds at a time on a CPU, where they shall stay in the cache, and elsewhere."""

FEW, NEAR = 16, 2**18
"""How many tokens are few, as along the frames of a clip: on several threads of a CPU the fused kernel takes
longer to begin than to compute them. And how many of the queries' numbers are then worked on at a time, to
stay in the cache."""


def outline(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """The answer's shape alone, for counting what fused kernels need on the meta device."""
    return q.new_empty(*q.shape[:-1], v.shape[-1])


BACKENDS: dict[str, Backend] = {"sdpa": sdpa, "sliced": sliced, "flex": flex, "outline": outline}


@contextmanager
def using(name: str) -> Iterator[None]:
    """Compute attention that way inside the block, in the whole process; compiled code follows.

    Numbers stay the same to rounding, whichever is chosen.
    """
    before, _chosen.backend = _chosen.backend, BACKENDS[name]
    try:
        yield
    finally:
        _chosen.backend = before


@dataclass
class _Chosen:
    """What `attend` calls. An attribute, no context variable: torch.compile sees it change."""

    backend: Backend


_chosen = _Chosen(sdpa)


def _few(q: Tensor, k: Tensor) -> bool:
    plain = q.device.type == "cpu" and q.dtype == torch.float32 and not torch.compiler.is_compiling()
    return plain and max(q.shape[2], k.shape[2]) <= FEW and torch.get_num_threads() > 1


def _short(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """[B, H, N, d] to the same, some rows of the batch at a time."""
    rows = max(1, NEAR // q[0].numel())
    parts = [_explicit(q[b], k[b], v[b], None).transpose(1, 2) for b in _slices(len(q), rows)]
    return torch.cat(parts).transpose(1, 2)  # in memory as [B, N, H, d], as `attend` returns it


def _heads(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """[H, N, d] to the same, some heads at a time."""
    heads = max(1, _budget(q) // (q.shape[1] * k.shape[1]))
    parts = [_rows(q[h], k[h], v[h], None if mask is None else mask[h]) for h in _slices(len(q), heads)]
    return torch.cat(parts)


def _rows(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """The same, some queries at a time."""
    rows = max(1, _budget(q) // (len(q) * k.shape[1]))
    own = None if mask is None else mask.expand(-1, q.shape[1], -1)
    parts = [_explicit(q[:, n], k, v, None if own is None else own[:, n]) for n in _slices(q.shape[1], rows)]
    return torch.cat(parts, dim=1)


def _budget(q: Tensor) -> int:
    return CACHED if q.device.type == "cpu" else SCORES


def _explicit(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    scores = (q * q.shape[-1] ** -0.5) @ k.mT  # [..., N, M]
    out: Tensor = (scores if mask is None else scores + mask).softmax(-1) @ v
    return out


def _slices(length: int, size: int) -> list[slice]:
    return [slice(start, start + size) for start in range(0, length, size)]


@cache
def _compiled_flex() -> Callable[..., Tensor]:
    from torch.nn.attention.flex_attention import flex_attention

    compiled: Callable[..., Tensor] = torch.compile(flex_attention)
    return compiled
