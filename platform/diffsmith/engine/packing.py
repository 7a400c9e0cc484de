"""Weights as the CPU's kernels want them: laid out once, not again at every call.

oneDNN multiplies blocks; given plain weights it lays them out anew in each call, which costs more than the
convolution itself where the map is small (1280 channels on 8x8 pixels: half the time). The packed weights
take the plain ones' place, so memory stays; `unpacked` brings them back.
"""

import torch
from torch import nn

from .packed_layers import PACKED, can_pack, pack, unpack

__all__ = ["can_pack", "packed", "unpacked"]


def packed(network: nn.Module, dtype: torch.dtype | None = None) -> nn.Module:
    """The network with the weights of its convolutions and linear layers packed, for sampling only.

    They have no gradient, and are no parameters until `unpacked`; `state_dict()` still holds them, plain. A
    layer is packed at its first call, for the shape it sees, and anew when another shape comes. Layers that
    the kernels do not know stay as they are. dtype: what those that are packed count in, if not what their
    weights are in; they are converted when they are packed, the others are left to the caller.
    """
    for layer in network.modules():
        if can_pack(layer, dtype):
            pack(layer, dtype)
    return network


def unpacked(network: nn.Module) -> nn.Module:
    """The network with plain weights again."""
    for layer in network.modules():
        if type(layer) in PACKED.values():
            unpack(layer)
    return network
