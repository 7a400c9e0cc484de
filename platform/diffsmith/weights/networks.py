"""Named tensors into a network: every parameter filled, every tensor used."""

from pathlib import Path

from torch import Tensor, nn

from ..errors import FileFault

__all__ = ["fill"]


def fill(network: nn.Module, tensors: dict[str, Tensor], source: Path) -> nn.Module:
    """Put the tensors into the network; a FileFault lists what is missing, left over or wrong."""
    wanted = network.state_dict()
    faults = [
        *_listed("missing", [name for name in wanted if name not in tensors]),
        *_listed("left over", [name for name in tensors if name not in wanted]),
        *_listed(
            "of another shape",
            [
                _shapes(name, tensors[name], wanted[name])
                for name in wanted
                if name in tensors and tensors[name].shape != wanted[name].shape
            ],
        ),
        *_listed("not finite", [name for name, tensor in tensors.items() if not _finite(tensor)]),
    ]
    if faults:
        raise FileFault(source, f"does not fit this model: {'; '.join(faults)}")
    network.load_state_dict(tensors)
    return network


def _finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(tensor.float().isfinite().all())


def _shapes(name: str, given: Tensor, wanted: Tensor) -> str:
    return f"{name} {tuple(given.shape)} for {tuple(wanted.shape)}"


def _listed(what: str, names: list[str]) -> list[str]:
    shown = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    return [f"{len(names)} {what} ({shown})"] if names else []
