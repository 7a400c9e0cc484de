"""An optimizer's state as named tensors and back: what a checkpoint can hold without pickle."""

import torch
from torch import Tensor

__all__ = ["put_state", "state_tensors"]


def state_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Every state tensor as "parameter number.name"."""
    state = optimizer.state_dict()["state"]
    return {f"{number}.{name}": value for number, slots in state.items() for name, value in slots.items()}


def put_state(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """The other way round; the optimizer keeps copies."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, _, name = key.partition(".")
        state.setdefault(int(number), {})[name] = value.clone()
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
