"""Named tensors into a network: every parameter filled, every tensor used."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import FileFault
from .mapped import Tensors

__all__ = ["assign", "fill"]


def fill(network: nn.Module, tensors: dict[str, Tensor], source: Path) -> nn.Module:
    """Put the tensors into the network; a FileFault lists what is missing, left over or wrong."""
    wanted = network.state_dict()
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    faults = [
        *_listed("missing", [name for name in wanted if name not in tensors]),
        *_listed("left over", [name for name in tensors if name not in wanted]),
        *_listed("of another shape", _misshapen(shapes, wanted)),
        *_listed("not finite", [name for name, tensor in tensors.items() if not _finite(tensor)]),
    ]
    if faults:
        raise FileFault(source, f"does not fit this model: {'; '.join(faults)}")
    network.load_state_dict(tensors)
    return network


def assign(
    network: nn.Module,
    tensors: Mapping[str, Tensor],
    source: Path,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
    ignored: Iterable[str] = (),
) -> nn.Module:
    """Make the tensors themselves the network's parameters and buffers: nothing is copied that fits as it is.

    network: made on the meta device, so that it costs nothing before. dtype: what floating-point tensors are
    converted to, one at a time; None keeps the file's formats. device: where all of them go. ignored: regular
    expressions of whole names that may be left over. Of names that a network ties to one parameter, one is
    enough. A FileFault lists what is missing, left over, of another shape or kind, and what of the network
    has no numbers afterwards. That the numbers are finite is not checked here: it would read the whole file.
    """
    wanted = network.state_dict(keep_vars=True)
    names = _tied_names(wanted, tensors)
    faults = _misfits(wanted, names, tensors, ignored)
    if faults:
        raise FileFault(source, f"does not fit this model: {'; '.join(faults)}")
    made = {
        name: _in_place_of(wanted[name], _converted(tensors[name], wanted[name], dtype, device))
        for name in tensors  # in the file's order, so that what was converted can be let go of
        if names.get(name) == name
    }
    modules = dict(network.named_modules(remove_duplicate=False))
    for name in wanted:
        owner, _, own = name.rpartition(".")
        _put(modules[owner], own, made[names[name]])
    if empty := sorted(_empty(modules)):
        raise FileFault(source, f"leaves a part of this model without numbers: {_listed('empty', empty)[0]}")
    return network


def _put(module: nn.Module, name: str, tensor: Tensor) -> None:
    """Where the module keeps it; to set it as an attribute asks much before it comes there."""
    held: dict[str, Any] = module._parameters if name in module._parameters else module._buffers
    if name in held and type(module).__setattr__ is nn.Module.__setattr__:
        held[name] = tensor
    else:  # recurrent layers keep a second list of their weights
        setattr(module, name, tensor)


def _empty(modules: Mapping[str, nn.Module]) -> Iterator[str]:
    for path, module in modules.items():
        for name, tensor in (*module._parameters.items(), *module._buffers.items()):
            if tensor is not None and tensor.is_meta:
                yield f"{path}.{name}".lstrip(".")


def _tied_names(wanted: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """Each name of the network that the tensors can fill, and the name to fill it from."""
    first: dict[int, str] = {}
    for name, tensor in wanted.items():
        if name in tensors:
            first.setdefault(id(tensor), name)
    return {name: first[id(tensor)] for name, tensor in wanted.items() if id(tensor) in first}


def _misfits(
    wanted: Mapping[str, Tensor],
    names: Mapping[str, str],
    tensors: Mapping[str, Tensor],
    ignored: Iterable[str],
) -> list[str]:
    shapes, dtypes = _outlines(tensors)
    patterns = [re.compile(each) for each in ignored]
    extra = [name for name in tensors if name not in wanted]
    return [
        *_listed("missing", [name for name in wanted if name not in names]),
        *_listed("left over", [name for name in extra if not any(each.fullmatch(name) for each in patterns)]),
        *_listed("of another shape", _misshapen(shapes, wanted)),
        *_listed(
            "of another kind",
            [
                f"{name} {_told(dtypes[name])} for {_told(tensor.dtype)}"
                for name, tensor in wanted.items()
                if name in dtypes and dtypes[name].is_floating_point != tensor.dtype.is_floating_point
            ],
        ),
    ]


def _outlines(tensors: Mapping[str, Tensor]) -> tuple[dict[str, torch.Size], dict[str, torch.dtype]]:
    """Shapes and dtypes, without reading what is read only when asked for."""
    if isinstance(tensors, Tensors):
        return tensors.shapes, tensors.dtypes
    return {name: each.shape for name, each in tensors.items()}, {
        name: each.dtype for name, each in tensors.items()
    }


def _converted(
    given: Tensor, wanted: Tensor, dtype: torch.dtype | None, device: torch.device | str | None
) -> Tensor:
    """Whole numbers as the network counts, the others as asked; itself where that changes nothing."""
    kept = dtype or given.dtype
    return given.to(device=device, dtype=kept if given.is_floating_point() else wanted.dtype)


def _in_place_of(old: Tensor, new: Tensor) -> Tensor:
    return nn.Parameter(new, requires_grad=old.requires_grad) if isinstance(old, nn.Parameter) else new


def _finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(tensor.float().isfinite().all())


def _misshapen(shapes: Mapping[str, torch.Size], wanted: Mapping[str, Tensor]) -> list[str]:
    return [
        f"{name} {tuple(shapes[name])} for {tuple(tensor.shape)}"
        for name, tensor in wanted.items()
        if name in shapes and shapes[name] != tensor.shape
    ]


def _told(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _listed(what: str, names: list[str]) -> list[str]:
    shown = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    return [f"{len(names)} {what} ({shown})"] if names else []
