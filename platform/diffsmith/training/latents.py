"""Data made small by an autoencoder, once, and kept on disk."""

import hashlib
from contextlib import suppress

import torch
from torch import Tensor, nn

from ..caches import cache_folder
from ..errors import FileFault
from ..files import require_file
from ..weights.tensors import load_tensors, save_tensors

__all__ = ["latents_of"]

_ROWS = 4  # at a time: an encoder wants far more memory than its pictures


def latents_of(x: Tensor, autoencoder: nn.Module, device: torch.device) -> Tensor:
    """Pictures [N, C, H, W] in [-1, 1] as latents [N, c, h, w], from the user's cache where they are there."""
    path = cache_folder("latents") / f"{_key(x, autoencoder)}.safetensors"
    with suppress(FileFault):
        return load_tensors(require_file(path, "latents"))[0]["latents"]
    dtype = next(autoencoder.parameters()).dtype
    with torch.no_grad():
        parts = [autoencoder.encode(part.to(device, dtype)).float().cpu() for part in x.split(_ROWS)]  # type: ignore[operator]
    latents = torch.cat(parts)
    with suppress(FileFault, OSError):  # a cache that cannot be written costs time, not the run
        save_tensors(path, {"latents": latents})
    return latents


def _key(x: Tensor, autoencoder: nn.Module) -> str:
    """One name for these pictures and these weights: of a weight, its shape and a few numbers tell enough."""
    digest = hashlib.sha256(str(tuple(x.shape)).encode())
    digest.update(x.contiguous().numpy().data)
    for name, weight in autoencoder.state_dict().items():
        some = weight.flatten()[:: max(1, weight.numel() // 64)].float().cpu()
        digest.update(f"{name} {tuple(weight.shape)} {weight.dtype}".encode())
        digest.update(some.contiguous().numpy().data)
    return digest.hexdigest()[:32]
