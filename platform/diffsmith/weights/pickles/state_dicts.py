"""Where the weights stand in a checkpoint, and what stands beside them."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["BOOKKEEPING", "named_tensors"]

# The averaged weights come first: they are what samples are made with.
_WEIGHTS = (
    *("ema", "model_ema", "state_dict_ema", "params_ema", "ema_state_dict"),
    *("state_dict", "model_state_dict", "model", "module", "params", "net", "network", "weights"),
)
_TRAINING = {
    *("optimizer", "optimizers", "optimizer_states", "optimizer_state_dict", "opt", "optim"),
    *(
        "scheduler",
        "lr_scheduler",
        "lr_schedulers",
        "scaler",
        "grad_scaler",
        "amp",
        "rng_state",
        "rng_states",
    ),
    *("callbacks", "loops", "hyper_parameters", "hparams", "args", "config", "meta"),
}

BOOKKEEPING = (
    "argparse.Namespace",
    "collections.defaultdict",
    "datetime.datetime",
    "datetime.timedelta",
    "numpy.core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy.dtype",
    "numpy.ndarray",
    "omegaconf.base.ContainerMetadata",
    "omegaconf.base.Metadata",
    "omegaconf.dictconfig.DictConfig",
    "omegaconf.listconfig.ListConfig",
    "omegaconf.nodes.AnyNode",
    "pathlib.Path",
    "pathlib.PosixPath",
    "pytorch_lightning.callbacks.early_stopping.EarlyStopping",
    "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
    "pytorch_lightning.utilities.parsing.AttributeDict",
    "typing.Any",
)
"""What trainers put into checkpoints and weights do not need: read as nothing, so that the weights can be."""


def named_tensors(found: Any) -> tuple[dict[str, Tensor], str]:
    """(the weights by their own names, the keys they stood under) of what a pickle holds.

    A checkpoint with weights under one known key, such as "state_dict" or "ema" and "model", gives those;
    any other gives all it holds, with the keys as prefixes. A ValueError tells what is no weights.
    """
    under: list[str] = []
    while len(under) < _DEEPEST and (key := _weights_key(found)):
        under.append(key)
        found = found[key]
    tensors: dict[str, Tensor] = {}
    for name, tensor in _flat(found):
        if name in tensors:
            raise ValueError(f"{name} stands twice")
        tensors[name] = _plain(name, tensor)
    if not tensors:
        raise ValueError(f"it holds no tensors by name, but a {type(found).__name__}")
    return tensors, ".".join(under)


def _weights_key(found: Any) -> str | None:
    """The key that all weights stand under, if there is one."""
    if not isinstance(found, dict):
        return None
    holding = {key for key, each in found.items() if isinstance(key, str) and next(_flat(each), None)}
    counters = {key for key in holding if isinstance(found[key], Tensor) and found[key].numel() == 1}
    known = [key for key in _WEIGHTS if key in holding and isinstance(found[key], dict)]
    others = holding - set(known) - counters - _TRAINING
    return known[0] if known and not others else None


def _flat(found: Any) -> Iterator[tuple[str, Tensor]]:
    """Tensors in tables in tables, named by their keys; no recursion, which a hostile file would exhaust."""
    waiting: list[tuple[str, Any, int]] = [("", found, 0)]
    while waiting:
        name, value, depth = waiting.pop()
        if isinstance(value, Tensor):
            yield name, value
        elif isinstance(value, dict) and depth < _DEEPEST:
            inner = [(key, each) for key, each in value.items() if isinstance(key, str)]
            waiting += [(f"{name}.{key}" if name else key, each, depth + 1) for key, each in reversed(inner)]


_DEEPEST = 6


def _plain(name: str, tensor: Tensor) -> Tensor:
    usual = type(tensor) in {Tensor, nn.Parameter} and tensor.layout is torch.strided
    if not usual or tensor.is_quantized or tensor.is_nested or tensor.is_meta:
        raise ValueError(f"{name} is no plain tensor: sparse, quantised or without numbers")
    return tensor.detach()
