"""Data made small by an autoencoder, once, and kept on disk."""

import hashlib
from collections.abc import Generator
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from ..autoencoders import Autoencoder, encoded
from ..caches import cache_folder
from ..data import Split
from ..errors import FileFault, SpecError
from ..files import require_file
from ..weights.tensors import load_tensors, save_tensors

__all__ = ["latents_of"]

_ROWS = 4  # at a time: an encoder wants far more memory than its pictures
_ROWS_A_FILE = 64  # what a run that is stopped while it encodes has to do again at most


def latents_of(
    rows: Split, autoencoder: Autoencoder, made_by: str, device: torch.device
) -> Generator[int, None, Tensor]:
    """Pictures or clips [N, C, (F,) H, W] in [-1, 1] as latents [N, c, (F,) h, w]; yields how many are done.

    They come from the user's cache where they are there. made_by: the autoencoder's name and options, which
    tell its latents apart as its weights do.
    """
    maker, found = _maker(autoencoder, made_by), list[Tensor]()
    for start in range(0, len(rows), _ROWS_A_FILE):
        x = rows.rows(slice(start, start + _ROWS_A_FILE)).x
        path = cache_folder("latents") / maker / f"{_digest(x)}.safetensors"
        latents = _kept(path, len(x))
        if latents is None:
            latents = yield from _encoded(x, autoencoder, device, start)
            _keep(path, latents)
        found.append(latents)
        yield start + len(x)
    return torch.cat(found)


def _encoded(
    x: Tensor, autoencoder: Autoencoder, device: torch.device, done: int
) -> Generator[int, None, Tensor]:
    weight = next(_network(autoencoder).parameters(), x)
    parts = list[Tensor]()
    for start in range(0, len(x), _ROWS):
        some = x[start : start + _ROWS].to(device, weight.dtype)
        with torch.no_grad():
            latents = encoded(autoencoder, some, _ROWS)
            parts.append(latents.float().cpu().contiguous())  # as a file gives them back
        if not parts[-1].isfinite().all():
            what = f"makes NaN or infinite latents in {str(weight.dtype).removeprefix('torch.')}"
            raise SpecError([f"autoencoder: {what}; set engine.dtype=float32"])
        done += len(some)
        yield done
    return torch.cat(parts)


def _kept(path: Path, count: int) -> Tensor | None:
    """What lies in the cache, if it is whole."""
    try:
        tensors, told = load_tensors(require_file(path, "latents"))
        latents = tensors["latents"]
    except (FileFault, KeyError):
        return None
    return latents if len(latents) == count and told.get("sha256") == _digest(latents) else None


def _keep(path: Path, latents: Tensor) -> None:
    try:
        save_tensors(path, {"latents": latents}, {"sha256": _digest(latents)})
    except (FileFault, OSError):
        return  # a cache that cannot be written costs time, not the run


def _maker(autoencoder: Autoencoder, made_by: str) -> str:
    """One name for an autoencoder: of a weight, its shape and a few numbers tell enough."""
    digest = hashlib.sha256(made_by.encode())
    for name, weight in _network(autoencoder).state_dict().items():
        some = weight.flatten()[:: max(1, weight.numel() // 64)].float().cpu()
        digest.update(f"{name} {tuple(weight.shape)} {weight.dtype}".encode())
        digest.update(some.contiguous().numpy().data)
    return digest.hexdigest()[:32]


def _network(autoencoder: Autoencoder) -> nn.Module:
    return cast(nn.Module, autoencoder)


def _digest(x: Tensor) -> str:
    digest = hashlib.sha256(str(tuple(x.shape)).encode())
    digest.update(x.contiguous().numpy().data)
    return digest.hexdigest()
